import { StackedError } from "../errors/mod.ts";

/**
 * Picks one value from text such as commands print: `address: 0x2b`, one of these per line.
 *
 * @param input The text.
 * @param separator What stands between two entries, such as `"\n"`.
 * @param key What an entry starts with, spaces aside.
 * @param inter What follows the key, spaces aside, such as `":"`.
 * @returns The rest of the first such entry, without the spaces around it.
 * @throws {StackedError} when there is none.
 * @throws {TypeError} when the separator is empty.
 * @example
 * ```ts
 * import { getSeparatedVal } from "@superorch/superorch/messages";
 *
 * console.log(getSeparatedVal("name: a\naddress: 0x2b\n", "\n", "address", ":")); // "0x2b"
 * ```
 */
export function getSeparatedVal(
  input: string,
  separator: string,
  key: string,
  inter: string,
): string {
  if (separator === "") throw new TypeError("Cannot separate by an empty text");
  for (const segment of input.split(separator)) {
    const entry = segment.trim();
    if (!entry.startsWith(key)) continue;
    const rest = entry.slice(key.length).trimStart();
    if (rest.startsWith(inter)) return rest.slice(inter.length).trim();
  }
  throw new StackedError(`getSeparatedVal() -> key ${JSON.stringify(key)} not found`, {
    location: false,
  });
}
