import { LABEL } from "../../lib/containers/labels.ts";
import { identifyProcess, ownerState, parseOwner } from "../../lib/containers/owner.ts";
import { listOwned } from "../../lib/containers/sweep.ts";
import { connectEngine, type EngineClient } from "../../lib/engine/mod.ts";
import { TEST_LABEL } from "./gate_labels.ts";

/** A reaper is allowed this long after the last test. */
const SETTLE_MS = 10_000;

/**
 * Remembers what is on the engine now.
 *
 * @returns Ids of everything that carries our labels.
 */
export async function rememberOwned(): Promise<ReadonlySet<string>> {
  await using engine = await connectEngine();
  return new Set((await listOwned(engine)).map(({ id }) => id));
}

/**
 * Looks for what the tests left on the engine: new since `before`, and either labelled by a test
 * of this run or made by a process that is dead. Others may work on the same engine meanwhile, so
 * nothing is removed, and what belongs to a living process is not judged.
 *
 * @param before What was there.
 * @param runId The id of this run.
 * @returns One line each.
 */
export async function leftOnEngine(
  before: ReadonlySet<string>,
  runId: string,
): Promise<readonly string[]> {
  await using engine = await connectEngine();
  return await settled(async () => [
    ...await leftByOwners(engine, before),
    ...await leftByHand(engine, runId),
  ]);
}

async function leftByOwners(
  engine: EngineClient,
  before: ReadonlySet<string>,
): Promise<readonly string[]> {
  const self = await identifyProcess();
  const left: string[] = [];
  for (const { kind, id, name, labels } of await listOwned(engine)) {
    if (before.has(id)) continue;
    const owner = labels[LABEL.owner] ?? "";
    if (await ownerState(parseOwner(owner), self) !== "dead") continue;
    left.push(`${kind} ${name} (run ${labels[LABEL.run]}, owner ${owner})`);
  }
  return left;
}

async function leftByHand(engine: EngineClient, runId: string): Promise<readonly string[]> {
  const query = { labels: { [TEST_LABEL]: runId } };
  const [containers, networks, volumes, images] = await Promise.all([
    engine.containers.list(query),
    engine.networks.list(query),
    engine.volumes.list(query),
    engine.images.list(query),
  ]);
  return [
    ...containers.map(({ Names, Id }) => `container ${Names[0] ?? Id}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...volumes.map(({ Name }) => `volume ${Name}`),
    ...images.map(({ RepoTags, Id }) => `image ${RepoTags?.[0] ?? Id}`),
  ];
}

/**
 * Looks for processes that the tests left, and ends them.
 *
 * @param runId The id of this run, which every process of a test has in its environment.
 * @returns One line each; nothing outside of Linux, where the environment of others is not shown.
 */
export async function leftProcesses(runId: string): Promise<readonly string[]> {
  if (Deno.build.os !== "linux") return [];
  const left = await settled(() => processesOf(runId));
  for (const { pid } of left) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // it ended while we looked
    }
  }
  return left.map(({ pid, command }) => `process ${pid}: ${command}`);
}

async function processesOf(
  runId: string,
): Promise<readonly { readonly pid: number; readonly command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environment = await Deno.readTextFile(`/proc/${name}/environ`);
      if (!`\0${environment}`.includes(`\0SUPERORCH_GATE=${runId}\0`)) continue;
      const command = await Deno.readTextFile(`/proc/${name}/cmdline`);
      found.push({ pid: Number(name), command: command.replaceAll("\0", " ").slice(0, 200) });
    } catch {
      // gone meanwhile, or somebody else's
    }
  }
  return found;
}

async function settled<T>(look: () => Promise<readonly T[]>): Promise<readonly T[]> {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    const left = await look();
    if (left.length === 0 || performance.now() > end) return left;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
