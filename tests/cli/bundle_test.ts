import assert from "node:assert/strict";
import { deno, runProgram } from "../support/cli.ts";

const root = new URL("../..", import.meta.url);
const { version }: { version: string } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", root)),
);

Deno.test("the single-file bundle works where it is copied, with places in the published sources", {
  ignore: Deno.build.os === "windows", // it starts by its first line
}, async () => {
  const directory = await Deno.makeTempDir();
  try {
    const made = await deno([
      "run",
      "-A",
      new URL("tools/bundle.ts", root).href,
      `${directory}/made`,
    ]);
    assert.equal(made.code, 0, made.stderr);
    await Deno.mkdir(`${directory}/else where`);
    const tool = `${directory}/else where/superorch`;
    await Deno.rename(`${directory}/made`, tool);
    // The first line finds deno by PATH, as it will for everybody who copies the file.
    const deno_ = Deno.execPath();
    const env = {
      PATH: `${deno_.slice(0, deno_.lastIndexOf("/"))}:${Deno.env.get("PATH")}`,
      DOCKER_HOST: "unix:///nonexistent/docker.sock",
    };
    const run = (...args: string[]) => runProgram(tool, args, { cwd: directory, env });
    assert.deepEqual(await run("--version"), {
      code: 0,
      stdout: `superorch ${version}\n`,
      stderr: "",
    });
    assert.equal((await run("ps")).code, 1);
    const { stderr } = await run("-v", "ps");
    const place = /at connectEngine \((\S+):(\d+):\d+\)/.exec(stderr);
    assert.equal(
      place?.[1],
      `https://jsr.io/@superorch/superorch/${version}/lib/engine/discovery.ts`,
      stderr,
    );
    const source = await Deno.readTextFile(new URL("lib/engine/discovery.ts", root));
    assert.match(source.split("\n")[Number(place?.[2]) - 1] ?? "", /new EngineUnreachableError/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
