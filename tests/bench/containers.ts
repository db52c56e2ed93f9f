/**
 * What the API costs on top of bare calls: start a busybox container, run a program in it, remove
 * it. Interleaved rounds in one run: `deno run -A tests/bench/containers.ts`.
 */

import { ContainerNetwork, execInContainer, image } from "../../lib/containers/mod.ts";
import { container } from "../../lib/containers/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { testLabels } from "../support/gate_labels.ts";
import { median } from "./_median.ts";

const ROUNDS = 30;
const COMMAND = ["sleep", "1000"];
const EXEC = ["true"];

await using engine = await connectEngine();
const { endpoint } = engine;
if (endpoint.kind !== "unix") throw new Error("This compares calls on a unix socket");
const busybox = await busyboxImage(engine);
await using network = await ContainerNetwork.create("bench", { engine, forward: false });
network.add(
  container("first", image(busybox), { command: COMMAND }),
  container("cycled", image(busybox), { command: COMMAND }),
);
await network.run(["first"]); // makes the network that all of them use
const body = {
  Image: busybox,
  Cmd: COMMAND,
  Labels: testLabels(),
  HostConfig: { NetworkMode: network.engineName },
};

using client = Deno.createHttpClient({ proxy: { transport: "unix", path: endpoint.path } });

async function call(method: string, path: string, json?: unknown): Promise<string> {
  const response = await fetch(`http://localhost/v${engine.apiVersion}${path}`, {
    method,
    client,
    headers: { "content-type": "application/json" },
    body: json === undefined ? null : JSON.stringify(json),
  } as RequestInit);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text;
}

async function bareFetch(): Promise<void> {
  const { Id } = JSON.parse(await call("POST", "/containers/create", body));
  await call("POST", `/containers/${Id}/start`);
  const exec = JSON.parse(
    await call("POST", `/containers/${Id}/exec`, {
      Cmd: EXEC,
      AttachStdout: true,
      AttachStderr: true,
    }),
  );
  await call("POST", `/exec/${exec.Id}/start`, { Detach: false, Tty: false });
  if (JSON.parse(await call("GET", `/exec/${exec.Id}/json`)).ExitCode !== 0) {
    throw new Error("exec");
  }
  await call("DELETE", `/containers/${Id}?force=true&v=true`);
}

async function engineClient(): Promise<void> {
  const { Id } = await engine.containers.create(undefined, body);
  await engine.containers.start(Id);
  const { exitCode } = await execInContainer(engine, Id, EXEC);
  if (exitCode !== 0) throw new Error("exec");
  await engine.containers.remove(Id, { force: true });
}

// More than the others do: it also attaches to both outputs and waits for the exit.
async function containerNetwork(): Promise<void> {
  await network.run(["cycled"]);
  const { exitCode } = await network.container("cycled").exec(EXEC);
  if (exitCode !== 0) throw new Error("exec");
  await network.terminate(["cycled"]);
}

async function dockerCommand(): Promise<void> {
  const labels = Object.entries(testLabels()).flatMap(([name, value]) => [
    "--label",
    `${name}=${value}`,
  ]);
  const id =
    (await docker("run", "-d", "--net", network.engineName, ...labels, busybox, ...COMMAND))
      .trim();
  await docker("exec", id, ...EXEC);
  await docker("rm", "-f", "-v", id);
}

async function docker(...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("docker", {
    args: [...args],
    env: { DOCKER_HOST: engine.host },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

const works: Record<string, () => Promise<void>> = {
  "bare fetch": bareFetch,
  "EngineClient": engineClient,
  "ContainerNetwork, attached": containerNetwork,
  "docker command": dockerCommand,
};
if (!await docker("version").then(() => true, () => false)) delete works["docker command"];

const times = new Map(Object.keys(works).map((name) => [name, [] as number[]]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, work] of Object.entries(works)) {
    const begin = performance.now();
    await work();
    if (round > 0) times.get(name)!.push(performance.now() - begin); // the first one warms up
  }
}
const floor = median(times.get("bare fetch")!);
console.log(`start, exec and remove of one container, median of ${ROUNDS} interleaved rounds`);
for (const [name, list] of times) {
  const ms = median(list);
  const spread = [0.25, 0.75].map((part) =>
    list.toSorted((a, b) => a - b)[Math.floor(part * list.length)]!.toFixed(0)
  ).join("..");
  console.log(
    `  ${(ms / floor).toFixed(2)}  ${ms.toFixed(0).padStart(5)} ms (${spread})  ${name}`,
  );
}
