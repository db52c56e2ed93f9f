import { removeTree } from "../installed/complete_transaction.ts";
import { listTree } from "../installed/list_tree.ts";
import type { Log } from "../log.ts";
import { baseName, joinPath, parentPath, relativePath } from "../_path.ts";
import { latin1 } from "./elf_file.ts";
import { decideHeader, type HeaderFacts } from "./headers.ts";
import { relocateElf } from "./relocate_elf.ts";
import { relocatePkgConfig, relocateShebang } from "./texts.ts";

/** What the files of a build are prepared with. */
export interface PostInstallOptions extends HeaderFacts {
  /** Where the files are: a directory that looks as the root will. */
  readonly directory: string;
  /** The root that they are for, absolute. */
  readonly root: string;
  /** Takes warnings. */
  readonly log: Log;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/**
 * Makes what a build has installed fit to be moved and shared: paths of the root in pkg-config
 * files, in scripts and in ELF files become relative, libtool's `.la` files go, hard links become
 * relative symbolic links, and headers no longer depend on `NDEBUG` and the address sanitizer.
 * Times of change stay, which compiled Python goes by.
 *
 * Permissions: `--allow-read` and `--allow-write` of the directory.
 *
 * @param options Where, and how it was built.
 */
export async function postInstall(options: PostInstallOptions): Promise<void> {
  const { directory, root, log, signal } = options;
  const { files } = await listTree(directory, { signal });
  const regular = files.flatMap((path) => {
    const info = Deno.lstatSync(joinPath(directory, path));
    return info.isFile ? [{ path, info }] : [];
  });
  await inTurns(regular, signal, ({ path, info }) => {
    const absolute = joinPath(directory, path);
    if (path.endsWith(".la")) return void Deno.removeSync(absolute);
    if (changeFile(absolute, path, info, options)) {
      // Seconds with a fraction: a Date would cut it to milliseconds.
      Deno.utimeSync(absolute, seconds(info.atime), seconds(info.mtime));
    }
  });
  const remaining = regular.filter(({ path }) => !path.endsWith(".la"));
  linkInsteadOfHardLinks(directory, remaining);

  function changeFile(
    absolute: string,
    path: string,
    info: Deno.FileInfo,
    facts: HeaderFacts,
  ): boolean {
    const name = baseName(path);
    const parent = parentPath(path);
    if (name.endsWith(".pc") && /^(?:lib(?:32|64|x32)?|share)\/pkgconfig$/.test(parent)) {
      return changeText(absolute, info, (text) => relocatePkgConfig(text, root));
    }
    if (parent === "bin" && startsWith(absolute, "#!")) {
      return changeText(absolute, info, (text) => relocateShebang(text, root));
    }
    if (path.startsWith("include/") && name.endsWith(".h")) {
      return changeText(absolute, info, (text) => decideHeader(text, facts));
    }
    if (((info.mode ?? 0) & 0o111) === 0 || !startsWith(absolute, "\x7fELF")) return false;
    const mode = info.mode ?? 0o755;
    const special = mode & 0o7000;
    // The original makes these 755, and so takes the setuid bit of others away.
    const wanted = (mode & 0o200) === 0 ? 0o755 | special : mode & 0o7777;
    if (wanted !== (mode & 0o7777)) Deno.chmodSync(absolute, wanted);
    const done = relocateElf(absolute, parent, root);
    // The kernel takes it away from what an ordinary user writes to.
    if (special !== 0 && done.kind === "relocated") Deno.chmodSync(absolute, wanted);
    if (done.kind === "too-long") {
      log(
        "WARNING",
        `Cannot make ${JSON.stringify(done.text)} in ${path} relative: the path is too short ` +
          "for it. Link with -Wl,-rpath,$RPATH_PLACEHOLDER/lib",
      );
    }
    return done.kind === "relocated";
  }
}

/**
 * Removes what several components would fight for: the directory of info files and translations.
 *
 * @param directory A directory that looks as the root will.
 */
export async function removeSharedFiles(directory: string): Promise<void> {
  await removeTree(joinPath(directory, "share/info"));
  await removeTree(joinPath(directory, "share/locale"));
}

/**
 * Copies the license of a component to where all are.
 *
 * @param directory A directory that looks as the root will.
 * @param component Name of the component, usable as the name of a file.
 * @param license File name of the license.
 * @param places Directories that it may be in, in this order.
 * @returns Whether it was found.
 */
export async function copyLicense(
  directory: string,
  component: string,
  license: string,
  places: readonly string[],
): Promise<boolean> {
  for (const place of places) {
    const target = joinPath(directory, `share/orchestra/${component}.license`);
    try {
      await Deno.mkdir(parentPath(target), { recursive: true });
      await Deno.copyFile(joinPath(place, license), target);
      return true;
    } catch (error) {
      const kinds = [Deno.errors.NotFound, Deno.errors.NotADirectory, Deno.errors.IsADirectory];
      if (!kinds.some((kind) => error instanceof kind)) throw error;
    }
  }
  return false;
}

// Bytes as characters, since nobody promises that a script is UTF-8.
function changeText(
  path: string,
  info: Deno.FileInfo,
  change: (text: string) => string,
): boolean {
  const bytes = Deno.readFileSync(path);
  let text: string;
  let encode: (text: string) => Uint8Array;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    encode = (changed) => new TextEncoder().encode(changed);
  } catch {
    text = latin1(bytes);
    encode = (changed) => Uint8Array.from(changed, (char) => char.charCodeAt(0));
  }
  const changed = change(text);
  if (changed === text) return false;
  const mode = (info.mode ?? 0o644) & 0o7777;
  if ((mode & 0o200) === 0) Deno.chmodSync(path, mode | 0o200);
  Deno.writeFileSync(path, encode(changed));
  Deno.chmodSync(path, mode);
  return true;
}

function linkInsteadOfHardLinks(
  directory: string,
  files: readonly { readonly path: string; readonly info: Deno.FileInfo }[],
): void {
  const first = new Map<string, string>();
  for (const { path, info } of files) {
    if ((info.nlink ?? 1) < 2) continue;
    const key = `${info.dev}:${info.ino}`;
    const target = first.get(key);
    if (target === undefined) {
      first.set(key, path);
      continue;
    }
    const absolute = joinPath(directory, path);
    Deno.removeSync(absolute);
    Deno.symlinkSync(relativePath(parentPath(path), target), absolute);
  }
}

function startsWith(path: string, wanted: string): boolean {
  using file = Deno.openSync(path, { read: true });
  const bytes = new Uint8Array(wanted.length);
  const count = file.readSync(bytes);
  return count === wanted.length && latin1(bytes) === wanted;
}

function seconds(date: Date | null): number {
  return (date ?? new Date()).getTime() / 1000;
}

const TURN = 250;

async function inTurns<T>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  step: (item: T) => void,
): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (index % TURN === TURN - 1) {
      signal?.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve));
    }
    step(item);
  }
}
