import assert from "node:assert/strict";
import type { EngineClient } from "../../lib/engine/mod.ts";
import { importBusybox } from "../support/busybox_image.ts";
import { readOutput, thrownBy, within } from "./_engine.ts";

const encoder = new TextEncoder();

/** The calls that everything above stands on, against an engine that is the test's own. */
export async function coreCalls(
  engine: EngineClient,
  tar: (name: string, text: string) => ReadableStream<Uint8Array>,
): Promise<void> {
  const { containers, networks, images, execs, system, volumes } = engine;
  const image = "core/box:local";
  await importBusybox(engine, image);
  assert.match((await images.inspect(image)).Id, /^(sha256:)?[0-9a-f]{64}$/);
  const events = await within(10_000, "events", system.events({ types: ["container"] }));
  const network = await networks.create({ Name: "core", Labels: { core: "yes" } });
  assert.equal((await thrownBy(networks.create({ Name: "core" })) as Error).name, "NameInUseError");
  const create = async (name: string, command: readonly string[], stdin = false) => {
    const { Id } = await containers.create(name, {
      Image: image,
      Cmd: command,
      Labels: { core: "yes" },
      OpenStdin: stdin,
      StdinOnce: stdin,
      HostConfig: { NetworkMode: "core" },
    });
    return Id;
  };

  // attach, wait, start: nothing is missed, input has an end of its own
  const id = await create("counter", ["sh", "-c", "wc -c; echo e >&2; exit 7"], true);
  const stream = await containers.attach(id, { stdin: true });
  const waiting = Promise.withResolvers<void>();
  const exit = containers.wait(id, { condition: "next-exit", onWaiting: waiting.resolve });
  await within(10_000, "wait to be accepted", waiting.promise);
  await containers.start(id);
  await stream.write(encoder.encode("12345"));
  await stream.closeWrite();
  const { stdout, stderr } = await within(20_000, "output", readOutput(stream));
  assert.equal(stdout.trim(), "5");
  assert.equal(stderr, "e\n");
  assert.equal((await within(20_000, "exit", exit)).StatusCode, 7);
  assert.equal((await containers.inspect(id)).State.ExitCode, 7);
  assert.match((await readOutput(await containers.logs(id))).stdout, /5/);

  // names on the network, exec with input
  const server = await create("server", ["sh", "-c", "echo hello > /f; httpd -f -p 80 -h /"]);
  await containers.start(server);
  const client = await create("client", ["sleep", "600"]);
  await containers.start(client);
  const exec = await execs.create(client, {
    Cmd: [
      "sh",
      "-c",
      "i=0; until wget -qO- http://server/f || [ $i = 50 ]; do i=$((i+1)); sleep 0.1; done; cat",
    ],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: false,
  });
  const execStream = await execs.start(exec);
  await execStream.write(encoder.encode("more"));
  await execStream.closeWrite();
  assert.equal((await within(20_000, "exec", readOutput(execStream))).stdout, "hello\nmore");
  assert.equal((await execs.inspect(exec)).ExitCode, 0);

  // files
  await containers.putArchive(client, "/tmp", tar("given", "text"));
  assert.equal((await containers.pathInfo(client, "/tmp/given")).size, 4);

  // refusals
  const refusals: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["ImageNotFoundError", () => containers.create(undefined, { Image: "absent:1" })],
    ["NameInUseError", () => create("server", ["true"])],
    ["ContainerNotFoundError", () => containers.start("absent")],
    ["NetworkNotFoundError", () => networks.inspect("absent")],
    ["VolumeNotFoundError", () => volumes.inspect("absent")],
    ["ResourceInUseError", () => networks.remove("core")],
    ["ResourceInUseError", () => containers.remove(server)],
    ["ContainerNotRunningError", () => containers.kill(id)],
    ["ContainerPathNotFoundError", () => containers.getArchive(server, "/absent")],
    ["ProgramNotFoundError", async () => await containers.start(await create("x1", ["absent"]))],
  ];
  for (const [expected, call] of refusals) {
    const error = await call().catch((thrown: Error) => thrown) as Error | undefined;
    assert.equal(error?.name, expected, `${expected}: ${error}`);
  }

  // a build
  const built = await images.build(
    tar("Dockerfile", `FROM ${image}\nRUN echo built > /built\nLABEL core=yes\n`),
    { t: "core/built:local", labels: { further: "label" } },
  );
  assert.match(built, /^(sha256:)?[0-9a-f]{12,64}$/);
  assert.equal((await images.inspect("core/built:local")).Config?.Labels?.["core"], "yes");

  const summaries = await containers.list({ labels: { core: "yes" } });
  assert.ok(summaries.length >= 3);
  for (const { Id } of summaries) assert.equal(await containers.remove(Id, { force: true }), true);
  assert.equal(await networks.remove(network), true);
  assert.equal(await networks.remove(network), false);
  const starts: string[] = [];
  const reading = (async () => {
    for await (const { Action, Actor } of events) {
      if (Action === "start") starts.push(Actor.ID);
      if (starts.length === 3) break;
    }
  })();
  await within(10_000, "events", reading);
  assert.deepEqual(starts, [id, server, client]);
}

/** A tar stream with one file. */
export function oneFileTar(name: string, text: string): ReadableStream<Uint8Array> {
  const data = encoder.encode(text);
  const bytes = new Uint8Array(512 + Math.ceil(data.length / 512) * 512 + 1024);
  const put = (at: number, value: string) => bytes.set(encoder.encode(value), at);
  put(0, name);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${data.length.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\x0000");
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  bytes.set(data, 512);
  return new Blob([bytes]).stream();
}
