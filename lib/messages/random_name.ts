/**
 * Makes a name that is not taken, for things that live beside others of their kind.
 *
 * @param prefix What it starts with.
 * @returns The prefix, a dash, and 6 random hexadecimal digits.
 * @example
 * ```ts
 * import { randomName } from "@superorch/superorch/messages";
 *
 * console.log(randomName("net")); // such as "net-07ac3f"
 * ```
 */
export function randomName(prefix: string): string {
  return `${prefix}-${crypto.getRandomValues(new Uint8Array(3)).toHex()}`;
}
