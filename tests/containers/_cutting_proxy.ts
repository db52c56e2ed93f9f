/** What a {@linkcode cuttingProxy} does with the connections of one kind of request. */
export interface Cut {
  /** Matches the request line, for example `/\/attach\?/`. */
  readonly request: RegExp;
  /** What comes instead of the rest of the answer, once `after` matched what came of it. */
  readonly instead?: Uint8Array;
  /** The answer goes through until this is in it. Default: nothing of it goes through. */
  readonly after?: RegExp;
}

/** A socket in front of an engine that breaks some connections in the middle of their answer. */
export interface CuttingProxy extends AsyncDisposable {
  /** For `connectEngine`. */
  readonly host: string;
  /** Begins to break connections. */
  cut(what: Cut): void;
}

/** Opens one in front of the engine at a socket. */
export async function cuttingProxy(socket: string): Promise<CuttingProxy> {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "superorch-cut-" });
  const path = `${directory}/docker.sock`;
  const listener = Deno.listen({ transport: "unix", path });
  const cuts: Cut[] = [];
  const open = new Set<Deno.Conn>();
  const ends: Promise<void>[] = [];
  const serving = (async () => {
    for await (const client of listener) ends.push(serve(client, socket, cuts, open));
  })();
  return {
    host: `unix://${path}`,
    cut: (what) => void cuts.push(what),
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
      for (const connection of open) close(connection);
      await Promise.all(ends);
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function serve(
  client: Deno.Conn,
  socket: string,
  cuts: readonly Cut[],
  open: Set<Deno.Conn>,
): Promise<void> {
  const engine = await Deno.connect({ transport: "unix", path: socket });
  open.add(client).add(engine);
  let cut: Cut | undefined;
  const up = move(client, (bytes) => {
    // A connection carries one request after the other; each begins in a piece of its own.
    const line = /^(?:GET|HEAD|POST|PUT|DELETE) \S+/.exec(latin1(bytes))?.[0];
    if (line !== undefined) cut = cuts.find(({ request }) => request.test(line));
    return write(engine, bytes);
  });
  let answer = "";
  const down = move(engine, async (bytes) => {
    if (cut === undefined) return await write(client, bytes);
    answer += latin1(bytes);
    const found = cut.after?.exec(answer);
    if (cut.after !== undefined && found === null) return await write(client, bytes);
    if (found !== null && found !== undefined) {
      const before = answer.length - bytes.length;
      const end = found.index + found[0].length - before;
      await write(client, bytes.subarray(0, Math.max(0, end)));
    }
    if (cut.instead !== undefined) await write(client, cut.instead);
    close(client);
    close(engine);
    return false;
  });
  await Promise.race([up, down]);
  close(client);
  close(engine);
  await Promise.all([up, down]);
  open.delete(client);
  open.delete(engine);
}

async function move(
  from: Deno.Conn,
  take: (bytes: Uint8Array) => Promise<boolean>,
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    while (true) {
      const bytes = await from.read(buffer);
      if (bytes === null || !await take(buffer.subarray(0, bytes))) return;
    }
  } catch {
    // one of the two is closed, which ends both
  }
}

async function write(to: Deno.Conn, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
  return true;
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // closed already
  }
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
