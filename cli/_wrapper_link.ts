import { type OwnCommand, shellQuote } from "./own_command.ts";

/** Names that cargo may start as its `RUSTC_WRAPPER`. */
const WRAPPERS: readonly string[] = ["rustcbuildx", "cargo-green"];

/**
 * Lines of a link for calls by cargo. It starts a wrapper once for each crate, so what has nothing to
 * compile (`-vV`, a question on the input, clippy's driver) goes to the compiler without anything in
 * between, 2 ms instead of 70, and the rest to a program that loads nothing but the wrapper.
 *
 * @param name The link's name.
 * @param own What starts this program.
 * @returns The lines; none for other names, or where the program is in one piece.
 */
export function wrapperLines(name: string, own: OwnCommand): readonly string[] {
  if (!WRAPPERS.includes(name)) return [];
  const entry = wrapperEntry(own);
  const start = entry === undefined ? [] : [
    `  ${entry.file === undefined ? "" : `[ -e ${shellQuote(entry.file)} ] && `}exec "$program" ${
      ["run", "-q", "-A", "--no-config", "--no-lock", entry.source].map(shellQuote).join(" ")
    } "$@"`,
  ];
  return [
    'case "${1-}" in',
    "*rustc | *clippy-driver | run-build-script)",
    '  case "${2-}" in - | -vV | *rustc) exec "$@" ;; esac',
    ...start,
    "  ;;",
    "esac",
  ];
}

/** The wrapper's own source or, beside a bundle, its own bundle. */
function wrapperEntry(
  { args, file }: OwnCommand,
): { readonly source: string; readonly file?: string } | undefined {
  const source = args.at(-1);
  if (source === undefined) return undefined;
  const entry = source.endsWith("main.ts")
    ? source.replace(/main\.ts$/, "rustc_wrap.ts")
    : `${source.replace(/[^\\/]*$/, "")}rustcbuildx.js`;
  return file === undefined ? { source: entry } : { source: entry, file: entry };
}
