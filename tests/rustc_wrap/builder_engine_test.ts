// gate-timeout: 400 s
import assert from "node:assert/strict";
import { runProgram, superorch } from "../support/cli.ts";
import { startPrivateEngine } from "../support/private_engine.ts";
import { buildKitParts, FITTING_RUNC, makeBuildKitImage } from "./_buildkit_image.ts";
import { writeBuildxClient } from "./_buildx_client.ts";
import { sameAsPlain } from "./_same_as_plain.ts";
import { FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

const parts = await buildKitParts();
const skip = "skip" in parts ? parts.skip : undefined;
if (skip !== undefined) console.log(`no builder of its own here: ${skip}`);

Deno.test(
  "a builder in a container is made, gets the image of this machine, and builds the files of plain cargo",
  {
    ignore: NO_CARGO || skip !== undefined,
  },
  async () => {
    if ("skip" in parts) return;
    await using ws = await Workspace.create(FIXTURE);
    const runc = `${ws.root}/fitting-runc`;
    await Deno.writeTextFile(runc, FITTING_RUNC, { mode: 0o755 });
    // Its container has one name on each engine.
    await using engine = await startPrivateEngine({
      args: [`--add-runtime=fitting=${runc}`, "--default-runtime=fitting"],
    });
    const host = `unix://${engine.socketPath}`;
    await makeBuildKitImage(parts, "superorch-test/buildkit:1", host);
    const client = await writeBuildxClient(parts.buildx, `${ws.root}/client`);
    const env = {
      ...client.env,
      DOCKER_HOST: host,
      CARGOGREEN_BUILDER_IMAGE: "docker-image://superorch-test/buildkit:1",
    };
    await sameAsPlain(ws, env);
    const docker = (...args: string[]) => runProgram("/usr/bin/docker", args, { env });
    const container = "buildx_buildkit_supergreen0";
    const config = await docker("exec", container, "cat", "/etc/buildkit/buildkitd.toml");
    assert.match(config.stdout, /mirrors = \["mirror\.gcr\.io", "public\.ecr\.aws\/docker"\]/);
    const builds = (await client.calls()).filter((line) => /^buildx build (?!--help)/.test(line));
    for (const line of builds) {
      assert.match(
        line,
        /^buildx build --progress=plain --network=none --target=\S+ -f Dockerfile(?: --no-cache)?(?: --build-arg=\S+)? --build-context=superorch\/rustc-base:[0-9a-f]{16}=oci-layout:\/\/\S+@sha256:[0-9a-f]{64} --output=type=tar,dest=- -$/,
      );
    }
    // The engine itself was never given the image.
    assert.equal((await docker("images", "-q", "superorch/rustc-base")).stdout, "");

    const builder = (...words: string[]) =>
      superorch(["rustc-wrap", "builder", ...words], { cwd: ws.directory, env: ws.env({ env }) });
    const volume = async () =>
      (await docker("volume", "inspect", "-f", "{{.CreatedAt}}", `${container}_state`)).stdout;
    const id = async () => (await docker("inspect", "-f", "{{.Id}}", container)).stdout;
    const [firstState, firstId] = [await volume(), await id()];
    const again = await builder("recreate");
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /^Made the builder supergreen$/m);
    assert.equal(await volume(), firstState);
    assert.notEqual(await id(), firstId);
    // Nothing runs again: what was built is in the state that was kept.
    await ws.clean();
    await ws.forget();
    await ws.build(["build"], {
      env: { ...env, RUSTCBUILDX_CACHE_DIR: `${ws.root}/cache2` },
      timeoutMs: 300_000,
    });
    assert.deepEqual((await ws.units()).ran, []);
    const removed = await builder("rm");
    assert.equal(removed.stderr, "Removed the builder supergreen\n");
    assert.equal((await docker("ps", "-aq", "--filter", `name=${container}`)).stdout, "");
    assert.equal((await docker("volume", "ls", "-q")).stdout, "");
    assert.equal((await builder("rm")).stderr, "There is no builder of ours\n");
  },
);
