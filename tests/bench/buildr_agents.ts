/**
 * How long builds take to reach agents: `deno run -A tests/bench/buildr_agents.ts [ROUNDS]`.
 *
 * With RabbitMQ and with the coordinator alone, on the real engine; beside it what the same stage
 * takes on the desk, which is the floor of the same machine.
 */

import { IMAGE } from "../buildr/_project.ts";
import { type Kind, Scene } from "../buildr/_scene.ts";
import { rabbitProblem, startRabbit } from "../support/rabbit_server.ts";
import { median } from "./_median.ts";

const rounds = Number(Deno.args[0] ?? 5);
const QUICK = `{ version: 2, image: "${IMAGE}", stages: [a], a: { script: [echo begun] } }`;
const LONG =
  `{ version: 2, image: "${IMAGE}", stages: [a], a: { script: ["echo begun; sleep 60"] } }`;

await using broker = await rabbitProblem() === undefined ? await startRabbit() : undefined;
for (const kind of ["RabbitMQ", "embedded"] as const) {
  if (kind === "RabbitMQ" && broker === undefined) console.log(await rabbitProblem());
  else await measure(kind);
}

async function measure(kind: Kind): Promise<void> {
  const vhost = async () => kind === "RabbitMQ" ? await ownHost() : undefined;
  const firstLines: number[] = [];
  const desk: number[] = [];
  {
    await using scene = await Scene.make(QUICK, kind, await vhost());
    scene.agent();
    await firstLine(scene); // the image is looked at, the repository is copied
    for (let round = 0; round < rounds; round++) {
      firstLines.push(await firstLine(scene));
      const begin = performance.now();
      await scene.project.buildr();
      desk.push(performance.now() - begin);
    }
  }
  const again: number[] = [];
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    await using scene = await Scene.make(LONG, kind, await vhost());
    again.push(await afterKill(scene));
  }
  say(kind, "submit to first line", firstLines, 1_000, `on the desk ${show(desk)}, all of it`);
  say(kind, "kill -9 to the next attempt", again, 2_000, "");
}

/** From a submission to the first line of its stage in the ledger. */
async function firstLine(scene: Scene): Promise<number> {
  const begin = performance.now();
  const { job: { id } } = scene.coordinator.submit({ repo: scene.project.path });
  await until(() => /^begun$/m.test(scene.log(id)));
  const ms = performance.now() - begin;
  await scene.result(id);
  return ms;
}

/** From the death of an agent to the start of the attempt of another one that waits. */
async function afterKill(scene: Scene): Promise<number> {
  const first = scene.agent();
  const { job: { id } } = scene.coordinator.submit({ repo: scene.project.path });
  await until(() => /^begun$/m.test(scene.log(id)));
  scene.agent();
  await until(() => scene.coordinator.agents().length === 2);
  const { attempt } = scene.coordinator.ledger.get(id)!;
  first.signal("SIGKILL");
  const begin = performance.now();
  await until(() => scene.coordinator.ledger.get(id)!.attempt > attempt);
  const ms = performance.now() - begin;
  await scene.coordinator.cancel(id);
  await scene.result(id);
  return ms;
}

async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error("It is not so within a minute");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function ownHost() {
  const url = await broker!.vhost(`b${crypto.randomUUID().slice(0, 8)}`);
  return { ...broker!, url };
}

function show(figures: readonly number[]): string {
  return `${median(figures).toFixed(0)} ms (fastest ${Math.min(...figures).toFixed(0)})`;
}

function say(kind: Kind, what: string, figures: readonly number[], goal: number, floor: string) {
  console.log(`${kind.padEnd(9)} ${what.padEnd(28)} ${show(figures)}, goal ${goal}; ${floor}`);
}
