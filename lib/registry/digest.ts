const SHA256 = /^sha256:[0-9a-f]{64}$/;

/**
 * Computes the digest of bytes.
 *
 * @param bytes The bytes.
 * @returns `sha256:` and 64 hexadecimal digits.
 */
export async function sha256Digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return `sha256:${new Uint8Array(hash).toHex()}`;
}

/** A digest that grows with what it is given. */
export interface RunningDigest {
  /** Adds bytes. */
  update(bytes: Uint8Array): void;
  /** Ends it: `sha256:` and 64 hexadecimal digits. */
  digest(): string;
}

/**
 * Begins a digest of what comes in pieces.
 *
 * @returns The digest of nothing so far.
 */
export async function runningDigest(): Promise<RunningDigest> {
  // Web Crypto wants everything at once. 20 ms, for those only that move blobs.
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => `sha256:${hash.digest("hex")}`,
  };
}

/**
 * Refuses what is not a digest that can be checked here.
 *
 * @param digest What the caller gave.
 * @returns The digest.
 * @throws {TypeError} when it is anything but `sha256:` and 64 small hexadecimal digits.
 */
export function requireDigest(digest: string): string {
  if (SHA256.test(digest)) return digest;
  throw new TypeError(
    `Cannot use digest ${JSON.stringify(digest)}: it must be "sha256:" and 64 hexadecimal digits`,
  );
}
