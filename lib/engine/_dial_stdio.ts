import { ping, type RawConnection } from "./_raw_ping.ts";
import { TextTail } from "./_text_tail.ts";

/** A local socket, each connection of which is a `docker system dial-stdio` on another machine. */
export interface DialStdioRelay extends AsyncDisposable {
  /** The socket on this machine. */
  readonly socketPath: string;
  /** What the last of them that failed said. */
  explain(): string | undefined;
}

/** How to get there. */
export interface DialStdioOptions {
  /** Arguments of ssh up to the host. */
  readonly args: readonly string[];
  /** Why this way is needed at all; shown when it fails as well. */
  readonly refusal: string;
  /** Ends the attempt. */
  readonly signal?: AbortSignal;
}

/**
 * Serves a local socket through `docker system dial-stdio`.
 *
 * @param socketPath Where to listen.
 * @param options How to get there.
 * @returns The relay; disposing it ends all its connections.
 * @throws {Error} when nothing answers over there this way either.
 */
export async function serveDialStdio(
  socketPath: string,
  options: DialStdioOptions,
): Promise<DialStdioRelay> {
  let lastWords: string | undefined;
  const dial = () => dialStdio(options.args, (words) => lastWords = words);
  if (!await ping(() => Promise.resolve(dial()), options.signal)) {
    throw new Error(
      `${options.refusal}; and docker system dial-stdio: ${lastWords ?? "it said nothing"}`,
    );
  }
  const listener = Deno.listen({ transport: "unix", path: socketPath });
  const open = new Set<() => void>();
  const running = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const near of listener) {
      const far = dial();
      const close = () => {
        closeQuietly(near);
        far.close();
      };
      open.add(close);
      const relay = Promise.all([
        pump(near, far, () => far.closeWrite()),
        // What comes from there ends the connection: dockerd has nothing more to say, and what
        // is still sent to it has nobody to read it.
        pump(far, near, () => Promise.resolve(close())),
      ]).then(async () => {
        open.delete(close);
        await far.ended;
      });
      running.add(relay);
      relay.finally(() => running.delete(relay));
    }
  })();
  return {
    socketPath,
    explain: () => lastWords,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const close of open) close();
      await Promise.all(running);
    },
  };
}

interface DialedConnection extends RawConnection {
  closeWrite(): Promise<void>;
  readonly ended: Promise<void>;
}

function dialStdio(args: readonly string[], onFailure: (words: string) => void): DialedConnection {
  const child = new Deno.Command("ssh", {
    args: [...args, "docker", "system", "dial-stdio"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  const tail = new TextTail(child.stderr);
  const reader = child.stdout.getReader();
  const writer = child.stdin.getWriter();
  let rest: Uint8Array = new Uint8Array(0);
  const ended = child.status.then(async ({ success }) => {
    const words = await tail.end();
    if (!success && words !== "") onFailure(words);
    await reader.cancel().catch(() => {});
    await writer.close().catch(() => {});
  });
  return {
    ended,
    async read(into) {
      while (rest.length === 0) {
        const { done, value } = await reader.read();
        if (done) {
          await ended;
          return null;
        }
        rest = value;
      }
      const count = Math.min(into.length, rest.length);
      into.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return count;
    },
    async write(bytes) {
      await writer.write(bytes.slice());
      return bytes.length;
    },
    closeWrite: () => writer.close().catch(() => {}),
    close() {
      try {
        child.kill("SIGTERM");
      } catch {
        // it has ended already
      }
    },
  };
}

async function pump(
  from: { read(into: Uint8Array): Promise<number | null> },
  to: { write(bytes: Uint8Array): Promise<number> },
  end: () => Promise<void>,
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
      for (let at = 0; at < n;) at += await to.write(buffer.subarray(at, n));
    }
  } catch {
    // One of the two ends closed; the other learns of it by the end below.
  }
  await end();
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // closed already
  }
}
