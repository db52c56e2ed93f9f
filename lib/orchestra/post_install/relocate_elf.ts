import { latin1, readElfDynamic } from "./elf_file.ts";
import { relativePath } from "../_path.ts";

/** What has been done to a file. */
export type RelocatedElf =
  /** It has no such path, or is no ELF file with a dynamic section. */
  | { readonly kind: "untouched" }
  /** Its paths are relative now. */
  | { readonly kind: "relocated" }
  /** A path of the root stays, because what would replace it is longer. */
  | { readonly kind: "too-long"; readonly text: string };

/** So many slashes stand before the root in `RPATH_PLACEHOLDER`. */
const PLACEHOLDER_SLASHES = 48;

/**
 * Makes the paths of the root in an ELF file relative to it, so that the root can be moved: in
 * `.dynstr`, `RPATH_PLACEHOLDER` and then the bare root become `$ORIGIN/` and the way to the root,
 * filled up with slashes to the length that was there. No other byte of the file changes.
 *
 * Permissions: `--allow-read` and `--allow-write` of the file.
 *
 * @param file Absolute path.
 * @param directory The directory that the file will be in, relative to the root.
 * @param root The root, absolute.
 * @returns What has been done.
 */
export function relocateElf(file: string, directory: string, root: string): RelocatedElf {
  const dynamic = readElfDynamic(file);
  if (dynamic === undefined) return { kind: "untouched" };
  const way = relativePath(directory, "");
  const origin = way === "." ? "$ORIGIN" : `$ORIGIN/${way}`;
  const rootBytes = latin1(new TextEncoder().encode(root));
  let strings = dynamic.strings;
  let tooLong: string | undefined;
  for (const wanted of ["/".repeat(PLACEHOLDER_SLASHES) + rootBytes, rootBytes]) {
    for (let at = strings.indexOf(wanted); at >= 0; at = strings.indexOf(wanted, at + 1)) {
      const end = at + wanted.length;
      // "/opt/root2" is not below "/opt/root".
      if (!["/", ":", "\0", undefined].includes(strings[end])) continue;
      if (!startsPath(strings, at)) continue;
      if (origin.length > wanted.length) {
        tooLong ??= textAround(strings, at);
        continue;
      }
      strings = strings.slice(0, at) + origin.padEnd(wanted.length, "/") + strings.slice(end);
    }
  }
  if (strings !== dynamic.strings) {
    using target = Deno.openSync(file, { write: true });
    target.seekSync(dynamic.stringsOffset, Deno.SeekMode.Start);
    const bytes = Uint8Array.from(strings, (char) => char.charCodeAt(0));
    for (let done = 0; done < bytes.length;) done += target.writeSync(bytes.subarray(done));
  }
  if (tooLong !== undefined) return { kind: "too-long", text: tooLong };
  return { kind: strings === dynamic.strings ? "untouched" : "relocated" };
}

// Only slashes may stand between the start of a path and the root: "/mnt/opt/root" is another.
function startsPath(strings: string, at: number): boolean {
  let start = at;
  while (strings[start - 1] === "/") start--;
  return start === 0 || strings[start - 1] === "\0" || strings[start - 1] === ":";
}

function textAround(strings: string, at: number): string {
  const start = strings.lastIndexOf("\0", at) + 1;
  const end = strings.indexOf("\0", at);
  return strings.slice(start, end < 0 ? undefined : end);
}
