import assert from "node:assert/strict";
import { eventually } from "../../lib/retry/mod.ts";
import { IMAGE, projectTest } from "./_project.ts";

projectTest("what watch itself writes into the project starts no run", {
  ".buildr.yml": `image: ${IMAGE}\nstages: [a]\na: { script: ["echo saw $(cat input)"] }\n`,
  input: "one",
}, async (project) => {
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  const child = new Deno.Command("sh", {
    // The shell is replaced, so that the signal reaches the program.
    args: ["-c", 'exec "$0" run -q -A "$1" buildr watch > out 2> err', Deno.execPath(), main],
    cwd: project.path,
    env: project.env,
    stdin: "null",
  }).spawn();
  const waits = (count: number) =>
    eventually(async () => {
      const text = await project.read("err");
      assert.equal(text.match(/^Waiting for a change/gm)?.length, count, text);
    }, 30_000);
  try {
    await waits(1);
    await project.write("input", "two");
    await waits(2);
  } finally {
    child.kill("SIGINT");
    await child.status;
  }
  assert.equal(await project.read("out"), "saw one\nsaw two\n");
  assert.equal((await project.read("err")).match(/" changed$/gm)?.length, 1);
});
