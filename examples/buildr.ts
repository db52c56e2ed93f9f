/**
 * Runs the manifest of a project without the command line: load, plan, run, look at the results.
 *
 *     deno run -A examples/buildr.ts [DIRECTORY]
 *
 * @module
 */

import {
  gatherFacts,
  loadManifest,
  planRun,
  type RunEvent,
  runningNodes,
  runPlan,
} from "../lib/buildr/mod.ts";
import { runMain } from "../lib/errors/mod.ts";

async function main(): Promise<number> {
  const manifest = await loadManifest({ path: Deno.args[0] ?? "." });
  const plan = planRun(manifest, { facts: await gatherFacts(manifest) });
  console.log(`runs: ${runningNodes(plan).map(({ id }) => id).join(", ")}`);

  const result = await runPlan(plan, {
    jobs: 2,
    timeoutMs: 600_000,
    onOutput: (_stage, _stream, bytes) => Deno.stdout.write(bytes),
    onEvent: (event: RunEvent) => {
      if (event.type === "stage_retry") console.log(`${event.node} is tried again`);
    },
  });

  for (const { id, status, wallMs, failure } of result.nodes) {
    console.log(`${id}: ${status} after ${wallMs} ms${failure ? `, ${failure.message}` : ""}`);
  }
  console.log(`the run has ${result.status}`);
  return result.exitCode;
}

await runMain(main);
