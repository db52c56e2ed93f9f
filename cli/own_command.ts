import { isStandalone } from "./names.ts";

/** What starts this very program again. */
export interface OwnCommand {
  /** Deno, or the binary itself. */
  readonly executable: string;
  /** Its words before those of the program. */
  readonly args: readonly string[];
  /** The file that the words end with: the checkout's or the bundle; absent for a URL or a binary. */
  readonly file?: string;
}

/**
 * Finds what starts this program again, from anywhere.
 *
 * Permissions: `--allow-read` of Deno's own path.
 *
 * @returns The binary alone, or Deno with the file or URL that the program came from.
 */
export function ownCommand(): OwnCommand {
  const executable = Deno.execPath();
  if (isStandalone()) return { executable, args: [] };
  const { mainModule } = Deno;
  const file = mainModule.startsWith("file:") ? pathOf(mainModule) : undefined;
  const source = file ?? mainModule;
  // A bundle has no ending that says what it is; what comes from elsewhere is told by its server.
  const isBundle = file !== undefined && !/\.[cm]?[jt]s$/.test(file);
  const kind = isBundle ? ["--ext=js", "--no-config"] : [];
  return {
    executable,
    args: ["run", "-q", "-A", ...kind, source],
    ...(file === undefined ? {} : { file }),
  };
}

function pathOf(url: string): string {
  const path = decodeURIComponent(new URL(url).pathname);
  return Deno.build.os === "windows" ? path.replace(/^\//, "").replaceAll("/", "\\") : path;
}

/** Writes a word for a POSIX shell, in quotes where it needs them. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
