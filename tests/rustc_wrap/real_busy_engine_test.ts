import assert from "node:assert/strict";
import { FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

/** Hands connections on to an engine, but for the first ones, which get no answer. */
class SilentAtFirst implements AsyncDisposable {
  readonly #listener: Deno.UnixListener;
  readonly #connections = new Set<Deno.UnixConn>();
  readonly #running: Promise<void>;
  #silent: number;

  constructor(path: string, engine: string, silent: number) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#silent = silent;
    this.#running = this.#accept(engine);
  }

  async #accept(engine: string): Promise<void> {
    const passing: Promise<unknown>[] = [];
    for await (const client of this.#listener) {
      this.#connections.add(client);
      if (this.#silent-- > 0) continue;
      const server = await Deno.connect({ transport: "unix", path: engine });
      this.#connections.add(server);
      passing.push(pass(client, server), pass(server, client));
    }
    for (const connection of this.#connections) close(connection);
    await Promise.all(passing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#running;
  }
}

async function pass(from: Deno.UnixConn, to: Deno.UnixConn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (let length; (length = await from.read(buffer)) !== null;) {
      for (let at = 0; at < length;) at += await to.write(buffer.subarray(at, length));
    }
    await to.closeWrite();
  } catch {
    // one of the two has gone
  }
}

function close(connection: Deno.UnixConn): void {
  try {
    connection.close();
  } catch {
    // its other end has closed it
  }
}

Deno.test("an engine that is too busy to answer at once is waited for", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const { DOCKER_HOST } = ws.env();
  const path = `${ws.root}/busy.sock`;
  await using _busy = new SilentAtFirst(path, DOCKER_HOST!.replace("unix://", ""), 2);
  const { stderr } = await ws.build(["build", "-p", "base"], {
    env: { DOCKER_HOST: `unix://${path}` },
  });
  assert.deepEqual((await ws.units()).ran, ["base"], stderr);
});
