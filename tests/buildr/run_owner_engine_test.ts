import assert from "node:assert/strict";
import { StageContainer } from "../../lib/buildr/run/stage_container.ts";
import { BUILDR_LABEL } from "../../lib/buildr/run/labels.ts";
import { execInContainer } from "../../lib/containers/exec.ts";
import { LABEL, labelsOf } from "../../lib/containers/labels.ts";
import { IMAGE, Project } from "./_project.ts";

const isRoot = Deno.uid() === 0;

Deno.test({
  name: "files that a run created belong to who ran it; what was root's before stays root's",
  ignore: !isRoot, // only root can play both parts
  async fn() {
    await using project = await Project.make({});
    const OTHER = 54321;
    await Deno.chown(project.path, OTHER, OTHER);
    await project.write("before", "");
    await project.write("before_dir/inner", "");
    const sinceMs = Date.now() + 30; // file times run a few ms behind
    await new Promise((resolve) => setTimeout(resolve, 60));
    const labels = {
      ...labelsOf({ run: "00", project: "p", host: "h", owner: "o", lifetime: "owner" }),
      [BUILDR_LABEL.directory]: project.path,
    };
    await using container = await StageContainer.start(project.engine, {
      name: `buildr-owner-${crypto.randomUUID().slice(0, 8)}`,
      image: IMAGE,
      labels: { ...labels, [LABEL.owner]: "unknown" },
      mounts: [{ Type: "bind", Source: project.path, Target: "/app" }],
      hasSecretFiles: false,
      keep: false,
    }, AbortSignal.timeout(30_000));
    const script =
      "mkdir -p new/deep && echo x > new/deep/f && echo y > before_dir/made && ln -s /etc/passwd link && echo z >> before && chmod 700 new";
    const { exitCode } = await execInContainer(project.engine, container.id, ["sh", "-c", script], {
      workdir: "/app",
    });
    assert.equal(exitCode, 0);
    // As that user: everything of root's is somebody else's to it.
    const code = `
      const { handBack } = await import(${
      JSON.stringify(new URL("../../lib/buildr/run/ownership.ts", import.meta.url).href)
    });
      const { EngineClient, parseEngineHost } = await import(${
      JSON.stringify(new URL("../../lib/engine/mod.ts", import.meta.url).href)
    });
      await using engine = await EngineClient.open(parseEngineHost(${
      JSON.stringify(project.engine.host)
    }));
      Deno.uid = () => ${OTHER};
      Deno.gid = () => ${OTHER};
      console.log(await handBack(engine, ${JSON.stringify(container.id)}, ${
      JSON.stringify(project.path)
    }, ${sinceMs}));
    `;
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", code],
      env: { NO_COLOR: "1" },
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "3\n", new TextDecoder().decode(stderr));
    const uidOf = async (path: string) => (await Deno.lstat(`${project.path}/${path}`)).uid;
    assert.equal(await uidOf("new"), OTHER);
    assert.equal(await uidOf("new/deep/f"), OTHER);
    assert.equal(await uidOf("before_dir/made"), OTHER);
    assert.equal(await uidOf("link"), OTHER);
    assert.equal((await Deno.stat("/etc/passwd")).uid, 0);
    assert.equal(await uidOf("before"), 0);
    assert.equal(await uidOf("before_dir/inner"), 0);
  },
});

Deno.test("a stage whose user is the host's makes files of that user", async () => {
  await using project = await Project.make({
    ".buildr.yml": `
version: 2
image: ${IMAGE}
stages: [a]
a: { user: host, script: ["id -u; touch mine"] }
`,
  });
  const { code, stdout, stderr } = await project.buildr();
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `${Deno.uid()}\n`);
  assert.equal((await Deno.stat(`${project.path}/mine`)).uid, Deno.uid());
});
