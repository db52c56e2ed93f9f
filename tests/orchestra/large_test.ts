// gate-timeout: 240 s
import assert from "node:assert/strict";
import { emptyCache, writeProject } from "../bench/_orchestra_config.ts";
import { type Ran, superorch } from "../support/cli.ts";

// Generous: the bounds of check 30 are five seconds and one, on an idle machine; tests/bench prints
// what it takes, which is about a tenth.
const SLACK = 6;

async function timed(directory: string, args: readonly string[]): Promise<Ran & { ms: number }> {
  const start = performance.now();
  const ran = await superorch(["orc", ...args], { cwd: directory, timeoutMs: 60_000 });
  return { ...ran, ms: performance.now() - start };
}

Deno.test("190 components with 440 builds expand, are listed, and their graph is solved", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const deepest = await writeProject(directory);
    await emptyCache(directory);
    const first = await timed(directory, ["components", "--json"]);
    assert.equal(first.code, 0, first.stderr);
    assert.ok(first.ms < 5000 * SLACK, `${first.ms}`);
    const all: { builds: Record<string, unknown> }[] = JSON.parse(first.stdout);
    assert.equal(all.length, 192);
    const builds = all.reduce((sum, { builds }) => sum + Object.keys(builds).length, 0);
    assert.ok(builds > 430, `${builds}`);
    const text = await Deno.readTextFile(`${directory}/.orchestra/cache/config_cache.yml`);
    assert.ok(text.split("\n").length > 14_000);
    // The cache is that of the built-in engine, and another one is not there.
    const other = await timed(directory, ["--ytt", "/nonexistent", "components"]);
    assert.equal(other.code, 100);
    const cached = await timed(directory, ["components"]);
    assert.equal(cached.code, 0, cached.stderr);
    assert.ok(cached.ms < 1000 * SLACK, `${cached.ms}`);
    const graph = await timed(directory, ["graph", "-b", "-s", deepest]);
    assert.equal(graph.code, 0, graph.stderr);
    assert.ok(graph.ms < 5000 * SLACK, `${graph.ms}`);
    assert.ok(graph.stdout.includes('"Action clone of component0"'));
    const plan = await timed(directory, ["plan", "-b", deepest]);
    assert.equal(plan.code, 0, plan.stderr);
    assert.ok(plan.ms < 2000 * SLACK, `${plan.ms}`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
