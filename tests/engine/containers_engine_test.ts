import assert from "node:assert/strict";
import {
  AddressInUseError,
  compareVersions,
  ContainerNotFoundError,
  ContainerNotRunningError,
  ContainerPathNotFoundError,
  type EngineEvent,
  ImageNotFoundError,
  NameInUseError,
  NetworkNotFoundError,
  PortInUseError,
  ProgramNotFoundError,
  ResourceInUseError,
  VolumeNotFoundError,
} from "../../lib/engine/mod.ts";
import { type Bench, LABEL, openBench, readOutput, thrownBy, unique, within } from "./_engine.ts";
import { freePort } from "../support/ssh_server.ts";

const encoder = new TextEncoder();

let bench: Bench;
Deno.test.beforeAll(async () => {
  bench = await openBench();
});
Deno.test.afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

async function run(command: readonly string[]): Promise<{
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}> {
  const { containers } = bench.engine;
  const id = await bench.create(command);
  const output = readOutput(await containers.attach(id));
  const waiting = Promise.withResolvers<void>();
  const exit = containers.wait(id, { condition: "next-exit", onWaiting: waiting.resolve });
  await waiting.promise;
  await containers.start(id);
  const { StatusCode } = await exit;
  const { stdout, stderr } = await output;
  await containers.remove(id);
  return { code: StatusCode, stdout, stderr };
}

Deno.test("attach, wait and start in this order miss nothing of a program that ends at once", async () => {
  const { code, stdout, stderr } = await run(["sh", "-c", "echo ä; echo b >&2; exit 7"]);
  assert.equal(code, 7);
  assert.equal(stdout, "ä\n");
  assert.equal(stderr, "b\n");
});

Deno.test("attach carries input with an end of its own", async () => {
  const { containers } = bench.engine;
  const id = await bench.create(["wc", "-c"], { OpenStdin: true, StdinOnce: true });
  const stream = await containers.attach(id, { stdin: true });
  await containers.start(id);
  await stream.write(encoder.encode("x".repeat(100_000)));
  await stream.closeWrite();
  assert.equal((await within(10_000, "wc", readOutput(stream))).stdout.trim(), "100000");
});

Deno.test("attach echoes ten mebibytes unchanged", async () => {
  const { containers } = bench.engine;
  const id = await bench.create(["cat"], { OpenStdin: true, StdinOnce: true });
  const stream = await containers.attach(id, { stdin: true });
  await containers.start(id);
  const chunk = new Uint8Array(1 << 20).map((_, index) => 97 + index % 26);
  const feeding = (async () => {
    for (let count = 0; count < 10; count++) await stream.write(chunk);
    await stream.closeWrite();
  })();
  const { stdout } = await within(60_000, "cat", readOutput(stream));
  await feeding;
  assert.equal(stdout.length, 10 << 20);
  const expected = new TextDecoder().decode(chunk);
  for (let count = 0; count < 10; count++) {
    assert.ok(stdout.slice(count << 20, (count + 1) << 20) === expected, `mebibyte ${count}`);
  }
});

Deno.test("attach to a terminal gives raw bytes, and resize reaches the program", async () => {
  const { containers } = bench.engine;
  const script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done";
  const id = await bench.create(["sh", "-c", script], { Tty: true });
  using stream = await containers.attach(id);
  await containers.start(id);
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = await stream.read(); bytes !== null; bytes = await stream.read()) {
    text += decoder.decode(bytes, { stream: true });
    if (text === "ready\r\n") await containers.resize(id, { columns: 99, rows: 33 });
  }
  assert.equal(text, "ready\r\n33 99\r\n");
});

Deno.test("exec runs a program with input, environment, user and directory", async () => {
  const id = await bench.sleeper();
  const { execs } = bench.engine;
  const exec = await execs.create(id, {
    Cmd: ["sh", "-c", "cat; echo $WORD $(pwd) $(id -u) >&2; exit 3"],
    Env: ["WORD=hello"],
    WorkingDir: "/tmp",
    User: "12",
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await execs.start(exec);
  await stream.write(encoder.encode("given"));
  await stream.closeWrite();
  const { stdout, stderr } = await within(10_000, "exec", readOutput(stream));
  assert.equal(stdout, "given");
  assert.equal(stderr, "hello /tmp 12\n");
  const { ExitCode, Running } = await execs.inspect(exec);
  assert.deepEqual([ExitCode, Running], [3, false]);
});

Deno.test("exec without a connection goes on by itself", async () => {
  const id = await bench.sleeper();
  const { execs, containers } = bench.engine;
  const exec = await execs.create(id, { Cmd: ["touch", "/tmp/done"] });
  await execs.startDetached(exec);
  const deadline = Date.now() + 10_000;
  while ((await execs.inspect(exec)).Running) assert.ok(Date.now() < deadline);
  assert.equal((await containers.pathInfo(id, "/tmp/done")).size, 0);
});

Deno.test("logs come whole, from a time on, and the last lines of them", async () => {
  const { containers } = bench.engine;
  const id = await bench.create(["sh", "-c", "for i in 1 2 3; do echo $i; done; echo e >&2"]);
  await containers.start(id);
  const followed = await within(
    10_000,
    "logs",
    readOutput(await containers.logs(id, { follow: true })),
  );
  assert.deepEqual(followed, { stdout: "1\n2\n3\n", stderr: "e\n" });
  const last = await readOutput(await containers.logs(id, { tail: 2 }));
  assert.equal((last.stdout + last.stderr).length, 4);
  const stamped = await readOutput(await containers.logs(id, { timestamps: true, tail: 2 }));
  assert.match(stamped.stdout + stamped.stderr, /^\d{4}-\d\d-\d\dT/);
  const future = new Date(Date.now() + 60_000);
  assert.equal((await readOutput(await containers.logs(id, { since: future }))).stdout, "");
  const past = new Date(Date.now() - 60_000);
  assert.equal((await readOutput(await containers.logs(id, { until: past }))).stdout, "");
});

Deno.test("A followed log ends with the caller's reason", async () => {
  const id = await bench.sleeper();
  const controller = new AbortController();
  const log = await bench.engine.containers.logs(id, { follow: true, signal: controller.signal });
  const reading = readOutput(log);
  controller.abort(new Error("enough"));
  assert.equal(await thrownBy(within(5000, "logs", reading)), controller.signal.reason);
});

Deno.test("Archives go into a container and come out of it, before and after it runs", async () => {
  const { containers } = bench.engine;
  const source = await bench.create(["true"]);
  const target = await bench.create(["cat", "/tmp/deep/motd"]);
  const make = await bench.create(["sh", "-c", "mkdir -p /tmp/deep; echo moved > /tmp/deep/motd"]);
  await containers.start(make);
  await containers.wait(make);
  await containers.putArchive(target, "/tmp", await containers.getArchive(make, "/tmp/deep"));
  const info = await containers.pathInfo(target, "/tmp/deep/motd");
  assert.equal(info.name, "motd");
  assert.equal(info.size, 6);
  assert.equal(info.mode & 0o777, 0o644);
  const output = readOutput(await containers.attach(target));
  await containers.start(target);
  assert.equal((await output).stdout, "moved\n");
  for (
    const call of [
      () => containers.getArchive(source, "/absent"),
      () => containers.pathInfo(source, "/absent"),
    ]
  ) {
    const error = await thrownBy(call());
    assert.ok(error instanceof ContainerPathNotFoundError, `${error}`);
    assert.equal(error.status, 404);
  }
});

Deno.test("The whole root file system can be exported", async () => {
  const id = await bench.create(["true"]);
  let bytes = 0;
  for await (const chunk of await bench.engine.containers.export(id)) bytes += chunk.length;
  assert.ok(bytes > 1_000_000);
});

Deno.test("top, stats, changes and update tell and change a container that runs", async () => {
  const { containers } = bench.engine;
  const id = await bench.create(["sh", "-c", "echo x > /root/new; exec sleep 600"]);
  await containers.start(id);
  const { Titles, Processes } = await containers.top(id, { psArgs: "-o pid,args" });
  assert.equal(Titles.length, 2);
  assert.ok(Processes.some((row) => row.some((cell) => cell.includes("sleep 600"))));
  assert.ok((await containers.stats(id)).read.length > 0);
  let samples = 0;
  for await (const sample of await containers.statsStream(id)) {
    assert.ok(sample.cpu_stats.cpu_usage.total_usage > 0);
    if (++samples === 2) break;
  }
  const changes = await containers.changes(id);
  assert.ok(changes.some(({ Path, Kind }) => Path === "/root/new" && Kind === 1));
  await containers.update(id, { Memory: 64 << 20, MemorySwap: 128 << 20 });
  assert.equal((await containers.inspect(id)).HostConfig.Memory, 64 << 20);
});

Deno.test("pause, rename, stop, restart and kill do what they say", async () => {
  const { containers } = bench.engine;
  const id = await bench.sleeper();
  await containers.pause(id);
  assert.equal((await containers.inspect(id)).State.Status, "paused");
  await containers.unpause(id);
  const name = unique("renamed");
  await containers.rename(id, name);
  assert.equal((await containers.inspect(name)).Id, id);
  await containers.restart(id, { timeoutMs: 0 });
  assert.equal(await containers.start(id), false);
  await containers.kill(id, { killSignal: "SIGKILL" });
  assert.equal((await containers.wait(id)).StatusCode, 137);
  assert.equal(await containers.stop(id), false);
  assert.equal(await containers.remove(id), true);
  assert.equal(await containers.remove(id), false);
  assert.equal(await containers.remove(id, { force: true }), false);
});

Deno.test("Events of what has our label come in order, from before the first of them", async () => {
  const { containers, system } = bench.engine;
  const labels = { [LABEL]: bench.image, "org.superorch.test.events": unique("e") };
  const events = await system.events({ labels, types: ["container"] });
  const id = await bench.create(["true"], { Labels: labels });
  await containers.start(id);
  await containers.wait(id);
  await containers.remove(id);
  const seen: EngineEvent[] = [];
  const reading = (async () => {
    for await (const event of events) {
      seen.push(event);
      if (event.Action === "destroy") break;
    }
  })();
  await within(10_000, "events", reading);
  const actions = seen.map(({ Action }) => Action);
  assert.deepEqual(
    actions.filter((action) => ["create", "start", "die", "destroy"].includes(action)),
    ["create", "start", "die", "destroy"],
  );
  assert.ok(seen.every(({ Actor }) => Actor.ID === id));
});

Deno.test("A stream of events ends at once when it is returned, also while it waits", async () => {
  const events = await bench.engine.system.events({ labels: { [LABEL]: unique("never") } });
  const waiting = events.next();
  await within(5000, "return", events.return(undefined));
  assert.equal((await within(5000, "next", waiting)).done, true);
  // Never iterated, it must not keep its connection either: the sanitizer would see it.
  const unused = await bench.engine.system.events({ labels: { [LABEL]: unique("never") } });
  await unused[Symbol.asyncDispose]();
  const past = await bench.engine.system.events({ until: new Date(Date.now() - 1000) });
  const old: EngineEvent[] = [];
  for await (const event of past) old.push(event);
});

Deno.test("list and prune judge by label alone", async () => {
  const { containers, networks, volumes } = bench.engine;
  const labels = { ...bench.labels, "org.superorch.test.prune": unique("p") };
  const done = await bench.create(["true"], { Labels: labels });
  const running = await bench.create(["sleep", "600"], { Labels: labels });
  const other = await bench.create(["true"]);
  await containers.start(running);
  assert.equal((await containers.list({ labels })).length, 2);
  assert.equal((await containers.list({ labels, all: false })).length, 1);
  assert.deepEqual((await containers.prune({ labels })).deleted, [done]);
  assert.equal((await containers.inspect(other)).Id, other);
  const network = unique("net");
  await networks.create({ Name: network, Labels: labels });
  assert.deepEqual((await networks.prune({ labels })).deleted, [network]);
  const volume = unique("vol");
  await volumes.create(volume, { labels });
  assert.deepEqual((await volumes.prune({ labels })).deleted, [volume]);
  assert.ok((await bench.engine.system.df()).LayersSize >= 0);
});

type Refusal = readonly [string, string, number, () => Promise<unknown>];

Deno.test("Every refusal has the class of its cause, with method, path and status", async () => {
  const { containers, images, networks, volumes, execs, apiVersion } = bench.engine;
  const stopped = await bench.create(["true"]);
  const name = unique("taken");
  await bench.create(["true"], {}, name);
  const network = unique("net");
  await networks.create({
    Name: network,
    Labels: bench.labels,
  });
  const volume = unique("vol");
  await volumes.create(volume, { labels: bench.labels });
  const user = await bench.create(["sleep", "600"], {
    HostConfig: {
      NetworkMode: network,
      Mounts: [{ Type: "volume", Source: volume, Target: "/v" }],
    },
  });
  await containers.start(user);
  const start = async (command: readonly string[]) => {
    await containers.start(await bench.create(command));
  };
  const cases: readonly Refusal[] = [
    ["ImageNotFoundError", "GET /images/absent%3A1/json", 404, () => images.inspect("absent:1")],
    ["ImageNotFoundError", "POST /images/absent%3A1/tag", 404, () => images.tag("absent:1", "a:b")],
    [
      "ImageNotFoundError",
      "POST /containers/create",
      404,
      () => bench.create(["true"], { Image: "absent:1" }),
    ],
    ["NameInUseError", "POST /containers/create", 409, () => bench.create(["true"], {}, name)],
    [
      "NameInUseError",
      `POST /containers/${stopped}/rename`,
      409,
      () => containers.rename(stopped, name),
    ],
    ["NameInUseError", "POST /networks/create", 409, () => networks.create({ Name: network })],
    ["ProgramNotFoundError", "start", 400, () => start(["absent"])],
    ["ProgramNotFoundError", "start", 400, () => start(["/etc/passwd"])],
    ["ProgramNotFoundError", "start", 400, () => start(["/absent/program"])],
    [
      "ContainerNotFoundError",
      "GET /containers/absent/json",
      404,
      () => containers.inspect("absent"),
    ],
    [
      "ContainerNotFoundError",
      "POST /containers/absent/attach",
      404,
      () => containers.attach("absent"),
    ],
    [
      "ContainerNotFoundError",
      "POST /containers/absent/wait",
      404,
      () => containers.wait("absent"),
    ],
    ["ContainerNotFoundError", "GET /containers/absent/logs", 404, () => containers.logs("absent")],
    [
      "ContainerNotFoundError",
      "POST /containers/absent/exec",
      404,
      () => execs.create("absent", { Cmd: ["true"] }),
    ],
    [
      "ContainerNotFoundError",
      `POST /networks/${network}/connect`,
      404,
      () => networks.connect(network, "absent"),
    ],
    [
      "ContainerNotRunningError",
      `POST /containers/${stopped}/kill`,
      409,
      () => containers.kill(stopped),
    ],
    [
      "ContainerNotRunningError",
      `POST /containers/${stopped}/exec`,
      409,
      () => execs.create(stopped, { Cmd: ["true"] }),
    ],
    [
      "ContainerNotRunningError",
      `POST /containers/${stopped}/pause`,
      409,
      () => containers.pause(stopped),
    ],
    ["NetworkNotFoundError", "GET /networks/absent", 404, () => networks.inspect("absent")],
    ["NetworkNotFoundError", "start", 404, async () =>
      await containers.start(
        await bench.create(["true"], { HostConfig: { NetworkMode: unique("absent") } }),
      )],
    ["VolumeNotFoundError", "GET /volumes/absent", 404, () => volumes.inspect("absent")],
    ["ResourceInUseError", `DELETE /networks/${network}`, 403, () => networks.remove(network)],
    ["ResourceInUseError", `DELETE /volumes/${volume}`, 409, () => volumes.remove(volume)],
    [
      "ResourceInUseError",
      `DELETE /images/${encodeURIComponent(bench.image)}`,
      409,
      () => images.remove(bench.image),
    ],
    ["ResourceInUseError", `DELETE /containers/${user}`, 409, () => containers.remove(user)],
  ];
  assert.ok(compareVersions(apiVersion, "1.41") >= 0);
  for (const [expected, request, status, call] of cases) {
    const error = await thrownBy(call()) as Error & Record<string, unknown>;
    const shown = `${request}: ${error}`;
    assert.equal(error.name, expected, shown);
    assert.equal(error["status"], status, shown);
    assert.ok(`${error["method"]} ${error["path"]}`.endsWith(request), shown);
    assert.ok(error.message.startsWith(String(error["reason"]).slice(0, 100)), shown);
    assert.ok(error.message.endsWith(`: ${status})`), shown);
  }
  const classes = [
    ImageNotFoundError,
    NameInUseError,
    ProgramNotFoundError,
    ContainerNotFoundError,
    ContainerNotRunningError,
    NetworkNotFoundError,
    VolumeNotFoundError,
    ResourceInUseError,
  ];
  const named = new Set(cases.map(([expected]) => expected));
  assert.deepEqual(named, new Set(classes.map((one) => one.name)));
});

Deno.test("A taken port is told apart from a taken address", async () => {
  const { containers, networks } = bench.engine;
  const name = unique("net");
  await networks.create({
    Name: name,
    Labels: bench.labels,
    IPAM: { Config: [{ Subnet: "10.231.77.0/28" }] },
  });
  const at = (port: number | undefined, address: string) =>
    bench.create(["sleep", "600"], {
      ExposedPorts: { "80/tcp": {} },
      HostConfig: {
        NetworkMode: name,
        PortBindings: port === undefined
          ? {}
          : { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] },
      },
      NetworkingConfig: { EndpointsConfig: { [name]: { IPAMConfig: { IPv4Address: address } } } },
    });
  const port = freePort();
  await containers.start(await at(port, "10.231.77.5"));
  const portError = await thrownBy(containers.start(await at(port, "10.231.77.6")));
  assert.ok(portError instanceof PortInUseError, `${portError}`);
  const addressError = await thrownBy(containers.start(await at(undefined, "10.231.77.5")));
  assert.ok(addressError instanceof AddressInUseError, `${addressError}`);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const hostError = await thrownBy(containers.start(await at(listener.addr.port, "10.231.77.7")));
  assert.ok(hostError instanceof PortInUseError, `${hostError}`);
});

Deno.test("Two clients at once, and one that is closed twice, do not disturb each other", async () => {
  const other = await openBench();
  const both = await Promise.all([bench, other].map(async ({ engine, create }) => {
    const ids = await Promise.all([1, 2, 3, 4].map(() => create(["true"])));
    await Promise.all(ids.map((id) => engine.containers.start(id)));
    return await Promise.all(ids.map((id) => engine.containers.wait(id)));
  }));
  assert.ok(both.flat().every(({ StatusCode }) => StatusCode === 0));
  await other[Symbol.asyncDispose]();
  await other.engine[Symbol.asyncDispose]();
  assert.match((await bench.engine.system.version()).Version, /\d/);
});
