import assert from "node:assert/strict";
import { container } from "../../lib/containers/mod.ts";
import { superorch } from "../support/cli.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import { sceneTest } from "../containers/support.ts";

async function complete(...words: string[]): Promise<readonly string[]> {
  const { stdout } = await superorch(["__complete", "fish", "superorch", ...words]);
  return stdout.split("\n").slice(1);
}

sceneTest("names of containers and of networks are completed from the engine", async (scene) => {
  const network = await scene.network("completed");
  network.add(container("completed-db", BUSYBOX_IMAGE, { command: ["sleep", "1000"] }));
  await network.run();
  assert.ok((await complete("exec", "completed-")).includes("completed-db\trunning in completed"));
  assert.ok((await complete("logs", "completed-")).includes("completed-db\trunning in completed"));
  assert.ok((await complete("logs", "-p", "complet")).includes("completed\tnetwork"));
  assert.ok((await complete("logs", "--project=complet")).includes("--project=completed\tnetwork"));
});
