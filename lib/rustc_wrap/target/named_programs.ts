import { rustcOptions } from "../args.ts";

/**
 * The programs of this machine that the words for rustc name, in `RUSTFLAGS`, in cargo's
 * configuration or by cargo itself: the linker, and what is to link for it.
 *
 * @param words The words for rustc.
 * @returns Names and absolute paths, each once.
 */
export function namedPrograms(words: readonly string[]): readonly string[] {
  const found = new Set<string>();
  // Most units name none, and reading all options of each would cost for nothing.
  if (!words.some((word) => /link|dlltool/.test(word))) return [];
  for (const { name, value = "" } of rustcOptions(words)) {
    if (name !== "-C" && name !== "--codegen") continue;
    const [option = "", text = ""] = splitAt(value, "=");
    if (option === "linker" || option === "dlltool") found.add(text);
    else if (option === "link-arg") addOfArgument([text], found);
    else if (option === "link-args") addOfArgument(text.split(/\s+/), found);
  }
  found.delete("");
  return [...found];
}

/** The linker that words name; the last one counts, as for rustc. */
export function namedLinker(words: readonly string[]): string | undefined {
  return rustcOptions(words).flatMap(({ name, value = "" }) =>
    (name === "-C" || name === "--codegen") && value.startsWith("linker=")
      ? [value.slice("linker=".length)]
      : []
  ).at(-1);
}

/** What GCC and Clang understand. */
function addOfArgument(words: readonly string[], found: Set<string>): void {
  for (const word of words) {
    const [name, value] = splitAt(word, "=");
    if (name === "-fuse-ld" && value) found.add(value.includes("/") ? value : `ld.${value}`);
    else if (name === "--ld-path" && value) found.add(value);
    else if (word.startsWith("-B/")) found.add(`${word.slice(2).replace(/\/+$/, "")}/ld`);
  }
}

function splitAt(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
