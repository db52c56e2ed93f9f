/**
 * Ten services up, up again with nothing to do, and down, as programs side by side with Debian's
 * docker-compose 1.29, in turns and in rotated order:
 *
 *     deno run -A tests/bench/compose_up.ts [ROUNDS]
 */

import { downProject } from "../../lib/compose/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE, busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { testLabels } from "../support/gate_labels.ts";
import { median } from "./_median.ts";
import { dockerCompose } from "./deps/docker_compose.ts";

const ROUNDS = Number(Deno.args.find((word) => word !== "--") ?? 5);
const SERVICES = 10;
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
    Array.from({ length: SERVICES }, (_, index) => [`service-${index}`, service]),
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
    for (const client of round % 2 === 0 ? clients : clients.toReversed()) {
      const row = round === 0 ? { up: [], again: [], down: [] } : times.get(client.name)!;
      row.up.push(await timed(client, client.up));
      for (let again = 0; again < AGAIN; again++) row.again.push(await timed(client, client.up));
      row.down.push(await timed(client, client.down));
    }
  }
  print(times);
} finally {
  await downProject(`ours${id}`, { engine, timeoutMs: 0 });
  await Deno.remove(directory, { recursive: true });
}

async function findClients(): Promise<readonly Client[]> {
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  const ours: Client = {
    name: "superorch",
    program: Deno.execPath(),
    up: ["run", "-q", "-A", main, "up", "--detach", "-p", `ours${id}`],
    down: ["run", "-q", "-A", main, "down", "-t", "0", "-p", `ours${id}`],
    env: {},
  };
  const peer = await dockerCompose();
  if (peer.program === undefined) {
    console.log(`docker-compose is left out: ${peer.skip}`);
    return [ours];
  }
  const { program, env } = peer;
  const words = ["-p", `peer${id}`];
  return [ours, {
    name: "docker-compose",
    program,
    up: [...words, "up", "-d"],
    down: [...words, "down", "-t", "0"],
    env: { ...env, DOCKER_HOST: engine.host },
  }];
}

async function timed({ program, env }: Client, args: readonly string[]): Promise<number> {
  const began = performance.now();
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    env,
    cwd: directory,
    stdin: "null",
  }).output();
  const ms = performance.now() - began;
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  return ms;
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
    console.log(`${TITLES[row].padEnd(24)} superorch ${shown(ours)}${ratio}`);
  }
}
