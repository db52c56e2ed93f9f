import assert from "node:assert/strict";
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";
import { superorch } from "../support/cli.ts";

const ROOT = new URL("../../", import.meta.url);

/** Lines without what differs from run to run: times, and the order of those at the same time. */
function essence(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "")
    .map((line) => line.replaceAll(/\d+\.\d\d s/g, "TIME").replaceAll(/ {2,}/g, "  ")).sort();
}

Deno.test("the session in README happens as it stands there", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const block = /<!-- session: begin.*-->\s*```\n\$ superorch (.+)\n([^]*?)```\s*<!-- session: end/
    .exec(readme);
  assert.ok(block !== null);
  await using engine = await connectEngine();
  const image = await busyboxImage(engine);
  const { code, stdout, stderr } = await superorch(block[1]!.split(" "), {
    cwd: ROOT.pathname,
    env: { BUSYBOX: image },
    timeoutMs: 100_000,
  });
  assert.equal(code, 0, stderr);
  const happened = (stdout + stderr).replaceAll(image, "busybox:stable");
  assert.deepEqual(essence(happened), essence(block[2]!));
});
