import assert from "node:assert/strict";
import { eventually } from "../../lib/retry/mod.ts";
import { IMAGE, projectTest } from "./_project.ts";

projectTest("--shell-on-failure opens a shell where it failed, and ends as the run did", {
  ".buildr.yml": `
image: ${IMAGE}
stages: [a, b]
a: { script: [touch /trace, exit 4] }
b: { script: [echo never] }
`,
}, async (project) => {
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  const words = [Deno.execPath(), "run", "-q", "-A", main, "buildr", "--shell-on-failure"];
  // A terminal of its own; `script` ends as the program does.
  const child = new Deno.Command("script", {
    args: ["-qefc", words.join(" "), "typescript"],
    cwd: project.path,
    env: { ...project.env, TERM: "dumb" },
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const shown = (text: RegExp) =>
    eventually(async () => assert.match(await project.read("typescript"), text), 30_000);
  const typing = child.stdin.getWriter();
  try {
    await shown(/A shell in the container of "a"[^]*# /);
    // What is typed is shown too, with the name in quotes that the shell takes away.
    await typing.write(new TextEncoder().encode("ls /trace && echo 'in '$BUILDR_STAGE; exit 9\n"));
    await shown(/^in a\r?$/m);
    assert.equal((await child.status).code, 1);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await child.status;
    await typing.close().catch(() => {}); // nobody reads it any more
  }
  const text = await project.read("typescript");
  assert.match(text, /^\/trace\r?$/m);
  assert.match(text, /^a failed: exit code 4\r?$/m);
  assert.doesNotMatch(text, /^never/m);
  await project.nothingLeft();
});
