/** A kind of message: both sides make it with the same name. */
export interface MessageType<T> {
  /** The name; what travels is its hash, and once per connection the name itself. */
  readonly name: string;
  /** Tells whether a value is of this type; without it any value counts as one. */
  readonly check: ((value: unknown) => value is T) | undefined;
}

/** The longest name, in bytes of UTF-8. */
const MAX_NAME_BYTES = 255;

/**
 * Makes a message type.
 *
 * @param name The name, 1 to 255 bytes; the same on both sides.
 * @param check A runtime check, done by the sender and by the receiver.
 * @returns The type, to be given to `send()` and `recv()`.
 * @throws {RangeError} when the name is empty or too long.
 * @example
 * ```ts
 * import { messageType } from "@superorch/superorch/messages";
 *
 * interface Progress {
 *   readonly percent: number;
 * }
 * const progress = messageType(
 *   "progress",
 *   (value): value is Progress => typeof (value as Progress)?.percent === "number",
 * );
 * const ready = messageType<null>("ready"); // a signal that carries nothing
 * console.log(progress.name, ready.name);
 * ```
 */
export function messageType<T>(
  name: string,
  check?: (value: unknown) => value is T,
): MessageType<T> {
  const length = new TextEncoder().encode(name).length;
  if (length < 1 || length > MAX_NAME_BYTES) {
    throw new RangeError(
      `Cannot make a message type of a name of ${length} bytes: ` +
        `it must be 1 to ${MAX_NAME_BYTES}`,
    );
  }
  return { name, check };
}

/**
 * Hashes the name of a message type to what stands before each message.
 *
 * @param name The name of the type.
 * @returns The first 16 bytes of the SHA-256 of the name in UTF-8.
 */
export async function typeHash(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name));
  return new Uint8Array(digest, 0, 16);
}
