import assert from "node:assert/strict";
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { privateEngineProblem, startPrivateEngine } from "../support/private_engine.ts";
import { TestProject } from "./_project.ts";

Deno.test({
  name:
    "an engine that dies ends up with 1 and a report; one that is silent does not hold a Ctrl-C",
  ignore: await privateEngineProblem() !== undefined,
  fn: async () => {
    await using daemon = await startPrivateEngine();
    await using engine = await daemon.connect();
    await busyboxImage(engine);
    await using project = await TestProject.make(
      "services: { a: { image: IMAGE, command: sleep 1000 }, b: { image: IMAGE, command: sleep 1000 } }",
    );
    const env = { ...project.env, DOCKER_HOST: `unix://${daemon.socketPath}` };
    const start = async () => {
      const [program, ...args] = [...project.program, "up"];
      const child = new Deno.Command(program!, {
        args,
        cwd: project.directory,
        env,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const output = child.output();
      await eventually(
        async () => {
          assert.equal((await engine.containers.list({ all: false })).length, 2);
        },
        40_000,
        { pollMs: 50 },
      );
      return { child, output };
    };
    const silent = await start();
    await daemon.kill("SIGSTOP");
    try {
      silent.child.kill("SIGINT");
      const { code } = await silent.output;
      assert.equal(code, 130);
    } finally {
      await daemon.kill("SIGCONT");
    }
    await eventually(
      async () => {
        assert.deepEqual(await engine.containers.list(), []);
      },
      40_000,
      { pollMs: 100 },
    );
    const dead = await start();
    await daemon.kill("SIGKILL");
    const { code, stderr } = await dead.output;
    const text = new TextDecoder().decode(stderr);
    assert.equal(code, 1, text);
    assert.match(text, /Error: Network "\w+" failed: container "[ab]" could not run/);
    assert.match(text, /Cannot talk to the engine at unix:/);
  },
});
