import { MessageListener, NetMessenger } from "../../lib/messages/mod.ts";
import type { ConnectOptions, ListenOptions } from "../../lib/messages/mod.ts";

/** Generous: the machine may be busy, and no test waits for it when all is well. */
export const wait = { timeoutMs: 60_000 };

/** Two messengers that talk to each other. */
export async function pair(
  listenOptions: ListenOptions = {},
  connectOptions: ConnectOptions = {},
): Promise<
  AsyncDisposable & { readonly client: NetMessenger; readonly server: NetMessenger }
> {
  await using listener = MessageListener.bind("127.0.0.1:0", listenOptions);
  const [server, client] = await Promise.all([
    listener.accept(wait),
    NetMessenger.connect(listener.address, { ...wait, ...connectOptions }),
  ]);
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.close();
    },
  };
}

/** A port that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Starts scripts/peer.ts. */
export function startPeer(role: string, address: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-lock",
      "--allow-net",
      new URL("scripts/peer.ts", import.meta.url).href,
      role,
      address,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** A connection to a listener that has introduced itself by hand and may now send anything. */
export async function rawClient(address: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: portOf(address) });
  const hello = new Uint8Array(41);
  hello.set(new TextEncoder().encode("SOM1"));
  new DataView(hello.buffer).setUint32(5, 2 ** 31);
  await connection.write(hello);
  let missing = 41 + 1; // the other side's introduction and its welcome
  while (missing > 0) missing -= await connection.read(new Uint8Array(missing)) ?? missing;
  return connection;
}

export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
