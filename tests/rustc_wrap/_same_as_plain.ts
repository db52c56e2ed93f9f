import assert from "node:assert/strict";
import type { Workspace } from "./_workspace.ts";

/** What plain cargo makes, then what it makes with a runner. */
export async function sameAsPlain(ws: Workspace, env: Record<string, string>): Promise<void> {
  await ws.build(["build"], { wrapped: false });
  const plain = await ws.artifacts();
  await ws.clean();
  await ws.build(["build"], { env, timeoutMs: 300_000 });
  assert.deepEqual(await ws.artifacts(), plain);
  const { ran } = await ws.units();
  assert.ok(ran.includes("app") && ran.includes("base"), await ws.trace());
}
