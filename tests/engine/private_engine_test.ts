import assert from "node:assert/strict";
import {
  AddressPoolExhaustedError,
  type EngineClient,
  EngineConnectionError,
  EngineDiskFullError,
  type EngineEvent,
} from "../../lib/engine/mod.ts";
import { importBusybox } from "../support/busybox_image.ts";
import {
  type PrivateEngine,
  privateEngineProblem,
  startPrivateEngine,
} from "../support/private_engine.ts";
import { readOutput, testUnless, thrownBy, within } from "./_engine.ts";

const problem = await privateEngineProblem();

testUnless(problem, "A network beyond the engine's address ranges is a typed error", async () => {
  await using daemon = await startPrivateEngine({
    args: ["--default-address-pool", "base=10.213.0.0/23,size=24"],
  });
  await using engine = await daemon.connect();
  const create = async () => {
    for (let index = 0; index < 4; index++) await engine.networks.create({ Name: `n${index}` });
  };
  const error = await thrownBy(create());
  assert.ok(error instanceof AddressPoolExhaustedError, `${error}`);
  assert.equal(error.subject, "n1");
  const overlapping = await thrownBy(engine.networks.create({
    Name: "overlapping",
    IPAM: { Config: [{ Subnet: "10.213.0.0/25" }] },
  }));
  assert.ok(overlapping instanceof AddressPoolExhaustedError, `${overlapping}`);
});

testUnless(problem, "A full disk of the engine is a typed error, and no hang", async () => {
  await using daemon = await startPrivateEngine({ dataMebibytes: 12 });
  await using engine = await daemon.connect();
  await importBusybox(engine, "full:local");
  const block = new Uint8Array(1 << 20);
  const header = tarHeader("big", 64 << 20);
  let sent = 0;
  const tar = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(sent === 0 ? header : block);
      if (sent++ === 64) controller.close();
    },
  });
  const error = await thrownBy(within(30_000, "import", engine.images.import("big:local", tar)));
  assert.ok(error instanceof EngineDiskFullError, `${error}`);
  assert.equal(error.subject, "big:local");
  const { Id } = await engine.containers.create("box", { Image: "full:local" });
  let again = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(again === 0 ? header : block);
      if (again++ === 64) controller.close();
    },
  });
  const copying = engine.containers.putArchive(Id, "/tmp", body);
  const copyError = await thrownBy(within(30_000, "archive", copying));
  assert.ok(copyError instanceof EngineDiskFullError, `${copyError}`);
});

interface Endless {
  readonly request: string;
  readonly run: (engine: EngineClient, box: string) => Promise<unknown>;
}

// Each goes on until the daemon ends it.
const ENDLESS: readonly Endless[] = [
  { request: "POST /containers/box/wait", run: (engine, box) => engine.containers.wait(box) },
  {
    request: "GET /events",
    run: async (engine) => {
      const seen: EngineEvent[] = [];
      for await (const event of await engine.system.events()) seen.push(event);
    },
  },
  {
    request: "GET /containers/box/logs",
    run: async (engine, box) => {
      await readOutput(await engine.containers.logs(box, { follow: true }));
    },
  },
  {
    request: "GET /containers/box/stats",
    run: async (engine, box) => {
      for await (const sample of await engine.containers.statsStream(box)) void sample;
    },
  },
  {
    request: "POST /images/create",
    run: (engine) => engine.images.import("slow:local", neverEnding()),
  },
  {
    request: "POST /build",
    run: (engine) => engine.images.build(neverEnding(), { t: "slow:local" }),
  },
  {
    // The daemon keeps a container locked meanwhile, so it is another one.
    request: "PUT /containers/other/archive",
    run: (engine) => engine.containers.putArchive("other", "/tmp", neverEnding()),
  },
  {
    request: "POST /images/create",
    run: (engine) => engine.images.pull("127.0.0.1:5999/slow:1", { registryAuth: "e30=" }),
  },
];

testUnless(problem, "A daemon that is killed ends every call with a typed error", async () => {
  await using daemon = await startPrivateEngine();
  await using engine = await daemon.connect();
  await importBusybox(engine, "box:local");
  await engine.containers.create("box", { Image: "box:local", Cmd: ["sleep", "600"] });
  await engine.containers.start("box");
  await engine.containers.create("other", { Image: "box:local" });
  const registry = await silentListener(daemon);
  using attached = await engine.containers.attach("box");
  const reading = attached.read();
  const running = ENDLESS.map(({ run }) => thrownBy(run(engine, "box")));
  // All must be under way; the stream of stats is the last to say a first word.
  for await (const sample of await engine.containers.statsStream("box")) {
    assert.ok(sample);
    break;
  }
  await daemon.kill("SIGKILL");
  const errors = await within(10_000, "the end of all calls", Promise.all(running));
  for (const [index, error] of errors.entries()) {
    const { request } = ENDLESS[index]!;
    assert.ok(error instanceof EngineConnectionError, `${request}: ${error}`);
    assert.equal(error.request, request);
    assert.equal(error.host, engine.host);
  }
  // A raw stream cannot tell a daemon that died from a program that ended; the next call does.
  assert.equal(await within(10_000, "attach", reading), null);
  for (
    const call of [
      () => engine.containers.inspect("box"),
      () => engine.containers.attach("box"),
      () => engine.execs.create("box", { Cmd: ["true"] }),
    ]
  ) {
    const error = await thrownBy(within<unknown>(5000, "the call after", call()));
    assert.ok(error instanceof EngineConnectionError, `${error}`);
    assert.equal(error.reason, "nothing listens there");
  }
  await registry[Symbol.asyncDispose]();
});

testUnless(problem, "A daemon that is stopped politely ends every stream as well", async () => {
  await using daemon = await startPrivateEngine();
  await using engine = await daemon.connect();
  await importBusybox(engine, "box:local");
  await engine.containers.create("box", { Image: "box:local", Cmd: ["cat"], Tty: true });
  await engine.containers.start("box");
  using attached = await engine.containers.attach("box");
  const exit = engine.containers.wait("box").catch((error) => error);
  const events = thrownBy((async () => {
    for await (const event of await engine.system.events()) void event;
  })());
  await engine.containers.kill("box");
  await exit;
  await daemon.kill("SIGTERM");
  assert.equal(await within(20_000, "attach", attached.read()), null);
  const error = await within(20_000, "events", events);
  assert.ok(error instanceof EngineConnectionError, `${error}`);
});

function neverEnding(): ReadableStream<Uint8Array> {
  let first = true;
  return new ReadableStream({
    pull(controller) {
      if (first) controller.enqueue(tarHeader("slow", 1 << 20));
      first = false;
    },
  });
}

// A registry in the daemon's network that accepts and says nothing.
async function silentListener(daemon: PrivateEngine): Promise<AsyncDisposable> {
  const child = new Deno.Command("nsenter", {
    args: [
      ...["-t", String(daemon.pid), "-n", Deno.execPath(), "eval"],
      "const l = Deno.listen({ port: 5999 }); console.log('ready'); const kept = [];" +
      "for await (const c of l) kept.push(c);",
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  return {
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // ended with the network
      }
      await reader.cancel();
      await child.status;
    },
  };
}

function tarHeader(name: string, size: number): Uint8Array {
  const header = new Uint8Array(512);
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  put(0, name);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\0" + "00");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return header;
}
