/**
 * Ten services up, up again with nothing to do, and down, as programs side by side with Debian's
 * docker-compose 1.29, in turns and in rotated order; beside them the calls alone, without the start
 * of a program:
 *
 *     deno run -A tests/bench/compose_up.ts [ROUNDS]
 */

import { downProject } from "../../lib/compose/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE, busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { testLabels } from "../support/gate_labels.ts";
import { median } from "./_median.ts";
import { inTurn, TEN } from "./clients/_job.ts";
import { dockerCompose } from "./deps/docker_compose.ts";

const ROUNDS = Number(Deno.args.find((word) => word !== "--") ?? 5);
const AGAIN = 3;
const WANTED = { up: 0.75, again: 0.1, down: 0.7 } as const;

const TITLES = {
  up: "ten services up",
  again: "up again, nothing to do",
  down: "ten services down",
} as const;

type Row = keyof typeof TITLES;

interface Client {
  readonly name: string;
  up(): Promise<void>;
  /** Up again: there is nothing to do. */
  again?(): Promise<void>;
  down(): Promise<void>;
}

interface Program {
  readonly name: string;
  readonly program: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

await using engine = await connectEngine();
await busyboxImage(engine);
const directory = await Deno.makeTempDir({ prefix: "superorch-bench-" });
const id = crypto.randomUUID().slice(0, 8);
try {
  const service = { image: BUSYBOX_IMAGE, command: ["sleep", "1000"], labels: testLabels() };
  const services = Object.fromEntries(
    TEN.map((index) => [`service-${index}`, service]),
  );
  // JSON is YAML, and 1.29 knows files without a version.
  await Deno.writeTextFile(
    `${directory}/compose.yaml`,
    JSON.stringify({ services, networks: { default: { labels: testLabels() } } }),
  );
  const clients = await findClients();
  const times = new Map(clients.map(({ name }) => [name, { up: [], again: [], down: [] }])) as Map<
    string,
    Record<Row, number[]>
  >;
  for (let round = 0; round <= ROUNDS; round++) {
    for (let turn = 0; turn < clients.length; turn++) {
      const client = clients[(turn + round) % clients.length]!;
      const row = round === 0 ? { up: [], again: [], down: [] } : times.get(client.name)!;
      row.up.push(await timed(client.up));
      for (let again = 0; client.again !== undefined && again < AGAIN; again++) {
        row.again.push(await timed(client.again));
      }
      row.down.push(await timed(client.down));
    }
  }
  print(times);
} finally {
  for (const { Id } of await engine.containers.list({ filters: { name: [`calls${id}-`] } })) {
    await engine.containers.remove(Id, { force: true });
  }
  await engine.networks.remove(`calls${id}`).catch(() => {}); // gone, unless something has failed
  await downProject(`ours${id}`, { engine, timeoutMs: 0 });
  await Deno.remove(directory, { recursive: true });
}

async function findClients(): Promise<readonly Client[]> {
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  const ours: Program = {
    name: "superorch",
    program: Deno.execPath(),
    up: ["run", "-q", "-A", main, "up", "--detach", "-p", `ours${id}`],
    down: ["run", "-q", "-A", main, "down", "-t", "0", "-p", `ours${id}`],
    env: {},
  };
  const peer = await dockerCompose();
  if (peer.program === undefined) {
    console.log(`docker-compose is left out: ${peer.skip}`);
    return [asClient(ours), callsAlone()];
  }
  const { program, env } = peer;
  const words = ["-p", `peer${id}`];
  const theirs: Program = {
    name: "docker-compose",
    program,
    up: [...words, "up", "-d"],
    down: [...words, "down", "-t", "0"],
    env: { ...env, DOCKER_HOST: engine.host },
  };
  return [asClient(ours), asClient(theirs), callsAlone()];
}

function asClient(program: Program): Client {
  const up = () => run(program, program.up);
  return { name: program.name, up, again: up, down: () => run(program, program.down) };
}

/** The network, then all ten created and started, four at a time: what anybody asks of an engine. */
function callsAlone(): Client {
  const { containers, networks } = engine;
  const name = `calls${id}`;
  const Labels = testLabels();
  let made: string[] = [];
  return {
    name: "calls",
    async up() {
      made = [];
      await networks.create({ Name: name, Labels });
      await inTurn(async (index) => {
        const { Id } = await containers.create(`${name}-${index}`, {
          Image: BUSYBOX_IMAGE,
          Cmd: ["sleep", "1000"],
          Labels,
          HostConfig: { NetworkMode: name },
        });
        made[index] = Id;
      });
      await inTurn((index) => containers.start(made[index]!));
    },
    async down() {
      await inTurn((index) => containers.remove(made[index]!, { force: true }));
      await networks.remove(name);
    },
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function run({ program, env }: Program, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    env,
    cwd: directory,
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}

function print(times: ReadonlyMap<string, Record<Row, number[]>>): void {
  const [load] = Deno.loadavg();
  console.log(`median (fastest) of ${ROUNDS} rounds, load ${load?.toFixed(1)} at the end`);
  const shown = (list: readonly number[]) =>
    `${Math.round(median(list))} (${Math.round(Math.min(...list))}) ms`;
  for (const row of Object.keys(TITLES) as Row[]) {
    const ours = times.get("superorch")![row];
    const peer = times.get("docker-compose")?.[row];
    const ratio = peer === undefined
      ? ""
      : `, docker-compose ${shown(peer)}: ${(median(ours) / median(peer)).toFixed(2)} (fastest ` +
        `${(Math.min(...ours) / Math.min(...peer)).toFixed(2)}), wanted ${WANTED[row]}`;
    const calls = times.get("calls")![row];
    const floor = calls.length === 0 ? "" : `; the calls alone ${shown(calls)}`;
    console.log(`${TITLES[row].padEnd(24)} superorch ${shown(ours)}${ratio}${floor}`);
  }
}
