/**
 * Speed of orchestra: commands on a generated configuration of 192 components, hashing, and the
 * solver on synthetic trees. `deno run -A tests/bench/orchestra.ts`
 */
import { createHashes, loadConfiguration, solve, type World } from "../../lib/orchestra/mod.ts";
import { emptyCache, syntheticTree, writeProject } from "./_orchestra_config.ts";

const NOTHING: World = {
  installed: { get: () => undefined, all: () => [] },
  archives: { find: () => undefined },
  commits: { head: () => ({ branch: null, commit: "0".repeat(40) }) },
  isConfigured: () => false,
  isCloned: () => false,
};

if (Deno.args[0] === "--solve") {
  await solveOnce(Number(Deno.args[1]));
  Deno.exit(0);
}

const directory = await Deno.makeTempDir();
try {
  const deepest = await writeProject(directory);
  console.log("command                              first ms   warm ms");
  for (
    const words of [
      ["components"],
      ["components", "--json"],
      ["graph", "-b", "-s", deepest],
      ["plan", "-b", deepest],
      ["why", deepest],
      ["environment"],
    ]
  ) {
    await emptyCache(directory);
    const first = await orc(words);
    const warm = Math.min(await orc(words), await orc(words), await orc(words));
    console.log(`${words.join(" ").padEnd(36)} ${number(first)}  ${number(warm)}`);
  }
  const dotdir = `${directory}/.orchestra`;
  const configuration = await loadConfiguration({ dotdir });
  const hashes = await createHashes(configuration, NOTHING.commits);
  const start = performance.now();
  for (const name of configuration.components.keys()) hashes.recursiveHash(name);
  const ms = performance.now() - start;
  console.log(`hashing ${configuration.components.size} components: ${ms.toFixed(0)} ms`);
} finally {
  await Deno.remove(directory, { recursive: true });
}

console.log("\nsolver       actions       ms   us per n log2 n   resident MiB");
for (const count of [625, 1250, 2500, 5000, 10_000]) {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(import.meta.url).pathname, "--solve", String(count)],
  }).output();
  console.log(new TextDecoder().decode(stdout).trimEnd());
}

async function solveOnce(count: number): Promise<void> {
  const configuration = syntheticTree(count);
  const hashes = await createHashes(configuration, NOTHING.commits);
  const target = { kind: "install" as const, component: `c${count - 1}`, build: "first" };
  const request = { targets: [target], fallbackBuild: true };
  const input = { configuration, world: NOTHING, hashes, request };
  const times: number[] = [];
  let actions = 0;
  let resident = 0;
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    actions = solve(input).actions.length;
    times.push(performance.now() - start);
    // One command solves once.
    if (run === 0) resident = Deno.memoryUsage().rss / 2 ** 20;
  }
  const ms = Math.min(...times);
  const perStep = ms * 1000 / (count * Math.log2(count));
  console.log(
    `${String(count).padStart(6)}  ${String(actions).padStart(12)} ${number(ms)}  ` +
      `${perStep.toFixed(2).padStart(16)}  ${resident.toFixed(0).padStart(13)}`,
  );
}

async function orc(words: readonly string[]): Promise<number> {
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  const start = performance.now();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", main, "orc", "-v", "ERROR", ...words],
    cwd: directory,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return performance.now() - start;
}

function number(ms: number): string {
  return ms.toFixed(0).padStart(8);
}
