// gate-timeout: 300 s
import assert from "node:assert/strict";
import { eventually } from "../../lib/retry/mod.ts";
import { rabbitProblem } from "../support/rabbit_server.ts";
import { freePort } from "../support/ssh_server.ts";
import { IMAGE, Project } from "./_project.ts";

const problem = await rabbitProblem();

for (const kind of ["program", "none"]) {
  const skip = kind === "program" ? problem : undefined;
  Deno.test({
    name: `dev-up with broker "${kind}" builds, and Ctrl-C leaves nothing` +
      `${skip === undefined ? "" : `: skipped, ${skip}`}`,
    ignore: skip !== undefined,
    fn: async () => {
      await using project = await Project.make({
        ".buildr.yml":
          `{ version: 2, image: "${IMAGE}", stages: [a], a: { script: [echo built] } }\n`,
      });
      await project.commit();
      const listen = `127.0.0.1:${freePort()}`;
      const up = project.spawn([
        ...["dev-up", "--broker", kind, "--listen", listen, "--broker-port", `${freePort()}`],
        ...["--directory", `${project.home}/dev`, "--allow-path", project.path],
      ]);
      const text = Promise.all([new Response(up.stdout).text(), new Response(up.stderr).text()]);
      try {
        const answers = async (path: string, init?: RequestInit) => {
          const response = await fetch(`http://${listen}/api/v1/${path}`, init);
          const body = await response.json();
          assert.ok(response.ok, JSON.stringify(body));
          return body;
        };
        await eventually(async () => {
          const { agents } = await answers("agents");
          assert.equal(agents.length, 2);
        }, 120_000);
        const { code, stdout, stderr } = await project.buildr([
          ...["submit", "--coordinator", `http://${listen}`, project.path],
        ]);
        assert.equal(code, 0, stderr);
        const id = stdout.trim();
        await eventually(async () => {
          const build = await answers(`builds/${id}`);
          assert.equal(build.status ?? build.build?.status, "passed");
        }, 60_000);
      } finally {
        up.kill("SIGINT");
        const { code } = await up.status;
        const [, stderr] = await text;
        assert.equal(code, 130, stderr);
      }
      await assert.rejects(fetch(`http://${listen}/`));
      assert.deepEqual(processesOf(`${project.home}/dev`), []);
      await project.nothingLeftWithin(20_000);
    },
  });
}

/** Command lines of what has a directory in its environment or its words. */
function processesOf(directory: string): readonly string[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [words, env] = ["cmdline", "environ"].map((file) =>
        Deno.readTextFileSync(`/proc/${name}/${file}`)
      );
      return `${words}${env}`.includes(directory) ? [words!.replaceAll("\0", " ")] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}
