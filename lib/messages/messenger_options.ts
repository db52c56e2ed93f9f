/** What both ends of a connection agree on. */
export interface MessengerOptions {
  /**
   * A secret that the other side must know too, at least 16 random bytes or their text. It is
   * never sent: each side proves that it has it (HMAC-SHA-256 over random numbers of both). That
   * keeps strangers out; what is sent afterwards is neither hidden nor protected without TLS.
   */
  readonly secret?: string | Uint8Array<ArrayBuffer>;
  /** The largest message that is sent or received. Default 64 MiB, at most 2 GiB. */
  readonly maxMessageBytes?: number;
  /** How long the other side may take to introduce itself. Default 10 s. */
  readonly handshakeTimeoutMs?: number;
}

/** How long a call may wait. */
export interface WaitOptions {
  /** The time. Default: no limit. */
  readonly timeoutMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** The certificate of a listener. */
export interface ListenTls {
  /** Its certificate and those above it, as PEM. */
  readonly cert: string;
  /** Its private key, as PEM. */
  readonly key: string;
}

/** How a connecting side checks the listener, and shows itself. */
export interface ConnectTls {
  /** More authorities to trust, as PEM. Default: those of the system or of Deno. */
  readonly caCerts?: readonly string[];
  /** Its own certificate, as PEM. */
  readonly cert?: string;
  /** Its own private key, as PEM. */
  readonly key?: string;
}

/** How to listen. */
export interface ListenOptions extends MessengerOptions {
  /** Encrypts the connections. */
  readonly tls?: ListenTls;
}

/** How to connect. */
export interface ConnectOptions extends MessengerOptions, WaitOptions {
  /** How many more tries after the first. Default 0. */
  readonly retries?: number;
  /** The pause between two tries. Default 100. */
  readonly delayMs?: number;
  /** Encrypts the connection; `{}` for the usual authorities. */
  readonly tls?: ConnectTls;
}

const DEFAULT_MESSAGE_BYTES = 64 * 1024 * 1024;
const MAX_MESSAGE_BYTES = 2 ** 31;
const DEFAULT_HANDSHAKE_MS = 10_000;

/** Fills in and checks what both sides have. */
export function withDefaults(
  options: MessengerOptions,
): { readonly maxMessageBytes: number; readonly handshakeTimeoutMs: number } {
  const {
    maxMessageBytes = DEFAULT_MESSAGE_BYTES,
    handshakeTimeoutMs = DEFAULT_HANDSHAKE_MS,
  } = options;
  if (
    !Number.isInteger(maxMessageBytes) || maxMessageBytes < 1 || maxMessageBytes > MAX_MESSAGE_BYTES
  ) {
    throw new RangeError(
      `Cannot use ${maxMessageBytes} as maxMessageBytes: ` +
        `it must be a whole number from 1 to ${MAX_MESSAGE_BYTES}`,
    );
  }
  return { maxMessageBytes, handshakeTimeoutMs };
}
