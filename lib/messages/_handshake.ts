import { ByteReader, concatBytes, writeBytes } from "./_byte_stream.ts";
import { AuthenticationError } from "./errors.ts";

// Both sides at once: magic (4) | flags (1) | largest message it takes (u32 BE) | nonce (32).
// With a secret, both at once: HMAC-SHA-256 over role and both nonces (32). The role keeps a side's
// own proof from being played back to it. Last, from the listener, as soon as it takes the
// connection: one byte, until which the other side waits.
const MAGIC = new TextEncoder().encode("SOM1");
const NONCE_BYTES = 32;
const HELLO_BYTES = MAGIC.length + 1 + 4 + NONCE_BYTES;
const FLAG_SECRET = 1;
const WELCOME = 1;

/** Which end of a connection somebody is. */
export type Role = "listener" | "connector";

/** A connection whose other end speaks this protocol and knows the secret. */
export interface Link {
  readonly connection: Deno.TcpConn | Deno.TlsConn;
  readonly reader: ByteReader;
  /** The largest message that may be sent: the smaller of both limits. */
  readonly sendLimitBytes: number;
  /** The largest message that may be received. */
  readonly receiveLimitBytes: number;
}

/** What a side brings along. */
export interface HandshakeOptions {
  readonly secret: CryptoKey | undefined;
  readonly maxMessageBytes: number;
}

/** Makes a secret usable. */
export async function importSecret(
  secret: string | Uint8Array<ArrayBuffer> | undefined,
): Promise<CryptoKey | undefined> {
  if (secret === undefined) return undefined;
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  if (bytes.length === 0) throw new TypeError("Cannot use an empty secret");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign", "verify"]);
}

/**
 * Introduces both sides to each other, up to but without the welcome.
 *
 * @throws {AuthenticationError} when the other side has another secret, or only one side has one.
 */
export async function shakeHands(
  connection: Deno.TcpConn | Deno.TlsConn,
  role: Role,
  { secret, maxMessageBytes }: HandshakeOptions,
): Promise<Link> {
  const reader = new ByteReader(connection);
  const ownNonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const hello = concatBytes(MAGIC, new Uint8Array(5), ownNonce);
  const view = new DataView(hello.buffer);
  view.setUint8(MAGIC.length, secret === undefined ? 0 : FLAG_SECRET);
  view.setUint32(MAGIC.length + 1, maxMessageBytes);
  await writeBytes(connection, hello);
  const other = await reader.read(HELLO_BYTES);
  const otherView = new DataView(other.buffer);
  if (MAGIC.some((byte, index) => other[index] !== byte)) {
    throw new Error("The other side does not speak this protocol");
  }
  const otherHasSecret = (otherView.getUint8(MAGIC.length) & FLAG_SECRET) !== 0;
  if (otherHasSecret !== (secret !== undefined)) {
    throw new AuthenticationError(
      `Only ${otherHasSecret ? "the other side" : "this side"} has a shared secret`,
    );
  }
  if (secret !== undefined) {
    const otherNonce = other.subarray(HELLO_BYTES - NONCE_BYTES);
    const nonces = role === "listener" ? [ownNonce, otherNonce] : [otherNonce, ownNonce];
    await prove(connection, reader, role, secret, concatBytes(...nonces));
  }
  return {
    connection,
    reader,
    sendLimitBytes: Math.min(maxMessageBytes, otherView.getUint32(MAGIC.length + 1)),
    receiveLimitBytes: maxMessageBytes,
  };
}

async function prove(
  connection: Deno.Conn,
  reader: ByteReader,
  role: Role,
  secret: CryptoKey,
  nonces: Uint8Array,
): Promise<void> {
  const claim = (of: Role) =>
    concatBytes(new TextEncoder().encode(`superorch messages 1 ${of} `), nonces);
  const own = await crypto.subtle.sign("HMAC", secret, claim(role));
  await writeBytes(connection, new Uint8Array(own));
  const proof = await reader.read(own.byteLength);
  const otherRole = role === "listener" ? "connector" : "listener";
  if (!await crypto.subtle.verify("HMAC", secret, proof, claim(otherRole))) {
    throw new AuthenticationError("The other side has another shared secret");
  }
}

/** Tells the other side that its connection is taken. */
export async function sendWelcome(link: Link): Promise<void> {
  await writeBytes(link.connection, new Uint8Array([WELCOME]));
}

/** Waits until the other side has taken the connection. */
export async function awaitWelcome(link: Link): Promise<void> {
  await link.reader.read(1);
}
