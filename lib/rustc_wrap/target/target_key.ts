/**
 * How a target is written in the name of a variable, as cargo does:
 * `AARCH64_UNKNOWN_LINUX_GNU`.
 *
 * @param triple The target, as rustc calls it.
 * @returns Its part of the name.
 */
export function targetKey(triple: string): string {
  return triple.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}
