import assert from "node:assert/strict";
import { eventually } from "../../lib/retry/mod.ts";
import { freePort } from "../support/ssh_server.ts";
import { startCoordinator } from "./_coordinator_process.ts";
import { IMAGE, projectTest } from "./_project.ts";

projectTest(
  "kill -9 of a coordinator without a broker: its next life has the build run once more",
  {
    ".buildr.yml": `
version: 2
image: ${IMAGE}
docker: false
workspace: copy
stages: [first, slow]
first: { script: [echo one] }
slow: { script: ["echo begun; sleep 4; echo over"] }
`,
  },
  async (project) => {
    await project.commit();
    const port = freePort();
    const args = ["--listen", `127.0.0.1:${port}`, "--allow-path", project.path];
    const env = { ...project.env, HOME: project.home };
    const url = `http://127.0.0.1:${port}`;
    // deno-lint-ignore no-explicit-any -- JSON
    const ask = async (path: string): Promise<any> => (await fetch(`${url}/api/v1${path}`)).json();
    const program = new URL("./programs/agent.ts", import.meta.url).pathname;
    const agent = () =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-q", "-A", program, "one", url, `${project.home}/work`],
        env: { ...project.env },
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
    const first = await startCoordinator(project.home, args, env);
    const child = agent();
    try {
      const response = await fetch(`${url}/api/v1/builds`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ repo: project.path, id: "b" }),
      });
      await response.body?.cancel();
      await eventually(async () => {
        const { stages } = await ask("/builds/b");
        assert.equal(stages[1]?.status, "running");
      }, 30_000);
      first.child.kill("SIGKILL");
      await first.child.status;
      await using _second = await startCoordinator(project.home, args, env);
      await eventually(
        async () => assert.equal((await ask("/builds/b")).build.status, "passed"),
        40_000,
      );
      const { build, stages } = await ask("/builds/b");
      assert.equal(build.attempt, 2);
      assert.deepEqual(
        stages.map(({ stage, status }: { stage: string; status: string }) => [
          stage,
          status,
        ]),
        [["first", "passed"], ["slow", "passed"]],
      );
      const log = await (await fetch(`${url}/api/v1/builds/b/log?attempt=2`)).text();
      assert.equal(log.match(/^over$/gm)?.length, 1, log);
      child.kill("SIGTERM");
      assert.equal((await child.status).code, 0);
    } finally {
      await first[Symbol.asyncDispose]();
      try {
        child.kill("SIGKILL");
      } catch {
        // it has drained
      }
      await child.status;
    }
  },
);
