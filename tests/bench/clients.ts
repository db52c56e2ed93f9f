/**
 * Container clients side by side, in one run: ours, dockerode, testcontainers, the docker command,
 * docker-compose 1.29, and the floor, which is bare `fetch` on the engine's socket.
 *
 * Each client is a process of its own; every row is measured round by round, each client once a
 * round, the order rotated. A client that cannot be had is left out by name.
 *
 * Run: deno run -A tests/bench/clients.ts [ROUNDS [OPERATION …]], or with
 * SUPERORCH_BENCH_ROUNDS=ROUNDS. Six rounds, the default, take about nine minutes; on a busy machine
 * fewer are done in that time.
 */
import {
  formatOwner,
  identifyProcess,
  labelsOf,
  listOwned,
  removeOwned,
} from "../../lib/containers/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE, busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { median } from "./_median.ts";
import { COPIED_BYTES, COPIED_PATH, type Job, type Operation, OPERATIONS } from "./clients/_job.ts";
import { type ClientProcess, spawnClient } from "./clients/_spawn.ts";
import { markdown, ratioTable, timeTable } from "./clients/_table.ts";

const CLIENTS = {
  "fetch": "fetch.ts",
  "ours, engine": "engine.ts",
  "ours, containers": "containers.ts",
  "ours, program": "containers_program.ts",
  "dockerode": "dockerode.ts",
  "testcontainers": "testcontainers.ts",
  "docker": "docker.ts",
  "docker-compose": "docker_compose.ts",
};
const ours = ["ours, engine", "ours, containers", "ours, program"];

/** What takes a second or less is measured more often in a round. */
const TIMES: Partial<Record<Operation, number>> = { cycle: 3, again: 3, healthy: 2 };

/** No round begins that would end after this, as long as the one before took. */
const LIMIT_MS = 9 * 60_000;

const rounds = Number(Deno.args[0] ?? Deno.env.get("SUPERORCH_BENCH_ROUNDS") ?? 6);
const unknown = Deno.args.slice(1).filter((name) => !(name in OPERATIONS));
if (!(rounds >= 1) || unknown.length > 0) {
  console.error(
    `Usage: clients.ts [ROUNDS [OPERATION …]]; operations: ${Object.keys(OPERATIONS).join(", ")}`,
  );
  Deno.exit(2);
}
const operations = (Object.keys(OPERATIONS) as Operation[])
  .filter((name) => Deno.args.length < 2 || Deno.args.includes(name));

await using engine = await connectEngine();
await busyboxImage(engine);
const run = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
// Should this process be killed, the next start of any network sweeps what it leaves.
const labels = labelsOf({
  run,
  project: "bench",
  host: Deno.hostname(),
  owner: formatOwner(await identifyProcess()),
  lifetime: "owner",
});
const directory = await Deno.makeTempDir({ prefix: "superorch-bench-" });
const clients: ClientProcess[] = [];
const measured = new Map<Operation, Map<string, number[]>>();
const cpu = new Map<string, number[]>();
const failures: string[] = [];
const loadBefore = Deno.loadavg().map((value) => value.toFixed(1)).join(", ");
let serial = 0;
try {
  const network = `bench-${run}`;
  await engine.networks.create({ Name: network, Labels: labels });
  const holder = await makeHolder();
  for (const [name, file] of Object.entries(CLIENTS)) {
    const client = await spawnClient(name, `./${file}`, engine.host);
    if ("skip" in client) console.log(`without ${name}: ${client.skip}`);
    else {
      clients.push(client);
      await Deno.mkdir(`${directory}/${name}`);
    }
  }
  const common = { image: BUSYBOX_IMAGE, network, labels, holder };
  const began = performance.now();
  // The first round fills caches and does not count.
  for (let round = 0, roundMs = 0; round <= rounds; round++) {
    const roundBegan = performance.now();
    if (round > 1 && Deno.args.length === 0 && roundBegan + roundMs > began + LIMIT_MS) break;
    const jobs = clients.map((client) => ({
      client,
      job: { ...common, id: `b${run}-${serial++}`, directory: `${directory}/${client.name}` },
    }));
    for (const operation of operations) {
      const times = round === 0 ? 1 : TIMES[operation] ?? 1;
      for (let time = 0; time < times; time++) {
        for (let turn = 0; turn < jobs.length; turn++) {
          const { client, job } = jobs[(turn + round + time) % jobs.length]!;
          if (client.can.has(operation)) await measure(client, operation, job, round > 0);
        }
      }
    }
    roundMs = performance.now() - roundBegan;
    const minutes = (performance.now() - began) / 60_000;
    console.error(`round ${round} of ${rounds} after ${minutes.toFixed(1)} min`);
  }
  report();
} finally {
  for (const client of clients) await client[Symbol.asyncDispose]();
  const left = await listOwned(engine, { "org.superorch.run": run });
  await removeOwned(engine, left);
  await Deno.remove(directory, { recursive: true });
}

async function measure(
  client: ClientProcess,
  operation: Operation,
  job: Job,
  counts: boolean,
): Promise<void> {
  // A project keeps its name from up to down, everything else has one of its own.
  const stays = operation === "up" || operation === "again" || operation === "down";
  const id = stays ? job.id : `${job.id}-${serial++}`;
  let figure;
  try {
    figure = await client.measure(operation, { ...job, id });
  } catch (error) {
    failures.push(error instanceof Error ? error.message.trim() : String(error));
  }
  for (const name of ["copied", "copied.tar"]) {
    await Deno.remove(`${job.directory}/${name}`).catch(() => {}); // most have not made it
  }
  if (!counts || figure === undefined) return;
  const row = measured.get(operation) ?? new Map<string, number[]>();
  measured.set(operation, row);
  row.set(client.name, [...row.get(client.name) ?? [], figure.ms]);
  // Ten cycles, because the programs of others are counted in steps of 10 ms.
  if (operation !== "sequential") return;
  cpu.set(client.name, [...cpu.get(client.name) ?? [], figure.cpuMs / 10]);
}

async function makeHolder(): Promise<string> {
  const { Id } = await engine.containers.create(undefined, {
    Image: BUSYBOX_IMAGE,
    Cmd: ["sh", "-c", `head -c ${COPIED_BYTES} /dev/urandom > ${COPIED_PATH}; sleep 100000`],
    Labels: labels,
    HostConfig: { NetworkMode: "none" },
  });
  await engine.containers.start(Id);
  await eventually(
    async () => {
      const { size } = await engine.containers.pathInfo(Id, COPIED_PATH);
      if (size !== COPIED_BYTES) throw new Error(`${size} bytes so far`);
    },
    30_000,
    { what: "the file to copy is written", pollMs: 100 },
  );
  return Id;
}

function report(): void {
  const load = Deno.loadavg().map((value) => value.toFixed(1)).join(", ");
  console.log(
    `\n${navigator.hardwareConcurrency} cores, load ${loadBefore} before and ${load} after`,
  );
  const columns = { names: clients.map(({ name }) => name), floor: "fetch", ours };
  console.log(`\n${timeTable(measured, columns)}`);
  console.log(`\n${ratioTable(measured, columns)}`);
  for (const failure of failures) console.log(`\nfailed, and not counted: ${failure}`);
  if (cpu.size === 0) return;
  const floor = median(cpu.get("fetch") ?? [NaN]);
  const docker = median(cpu.get("docker") ?? [NaN]);
  const rows = [...cpu].map(([name, values]) => {
    const ms = median(values);
    return [name, ms.toFixed(1), (ms / floor).toFixed(2), (ms / docker).toFixed(2)];
  });
  const head = ["client's processor time for one cycle", "ms", "of the floor", "of docker"];
  console.log(`\n${markdown(head, rows)}`);
}
