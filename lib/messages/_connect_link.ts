import { Deadline, parseHostPort, waitForOk } from "../retry/mod.ts";
import { awaitWelcome, importSecret, type Link, shakeHands } from "./_handshake.ts";
import { AuthenticationError } from "./errors.ts";
import { type ConnectOptions, withDefaults } from "./messenger_options.ts";

/** Connects, introduces itself, and waits until it is taken; all of it is retried. */
export async function connectLink(address: string, options: ConnectOptions): Promise<Link> {
  const { retries = 0, delayMs = 100, timeoutMs, signal } = options;
  const { hostname, port } = parseHostPort(address);
  const { maxMessageBytes, handshakeTimeoutMs } = withDefaults(options);
  const secret = await importSecret(options.secret);
  return await waitForOk(
    { retries, delayMs, timeoutMs, signal, isRetryable },
    async (signal) => {
      const connection = await open(hostname, port, options, signal);
      try {
        using introduction = Deadline.after(handshakeTimeoutMs, { signal, what: "introduction" });
        const link = await introduction.race(
          shakeHands(connection, "connector", { secret, maxMessageBytes }),
        );
        introduction[Symbol.dispose]();
        using deadline = Deadline.after(undefined, { signal });
        await deadline.race(awaitWelcome(link));
        return link;
      } catch (error) {
        connection.close();
        throw error;
      }
    },
  );
}

// Both calls resolve the name and go through all its addresses, IPv6 and IPv4 in turn.
async function open(
  hostname: string,
  port: number,
  { tls }: ConnectOptions,
  signal: AbortSignal,
): Promise<Deno.TcpConn | Deno.TlsConn> {
  if (tls === undefined) return await Deno.connect({ hostname, port, signal });
  const { caCerts, cert, key } = tls;
  const own = cert === undefined || key === undefined ? {} : { cert, key };
  const connecting = Deno.connectTls({ hostname, port, caCerts: caCerts?.slice(), ...own });
  // It takes no signal: what comes after the abort is closed.
  const onLate = (connection: Deno.TlsConn) => {
    if (signal.aborted) connection.close();
  };
  connecting.then(onLate, () => {});
  return await connecting;
}

// A wrong secret or certificate stays wrong.
function isRetryable(error: unknown): boolean {
  return !(error instanceof AuthenticationError || error instanceof Deno.errors.NotCapable ||
    error instanceof Deno.errors.InvalidData);
}
