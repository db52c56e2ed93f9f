// gate-timeout: 400 s
import assert from "node:assert/strict";
import { runProgram, superorch } from "../support/cli.ts";
import { buildahFiles, writeBuildahClient } from "./_buildah_client.ts";
import { sameAsPlain } from "./_same_as_plain.ts";
import { FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

const buildah = await buildahFiles();
if (buildah.skip !== undefined) console.log(`no buildah here: ${buildah.skip}`);

Deno.test("buildah makes the files of plain cargo, never a stale one, with words that it knows", {
  ignore: NO_CARGO || buildah.skip !== undefined,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "buildah-" });
  await writeBuildahClient(buildah.root!, directory);
  const env = {
    RUSTCBUILDX_RUNNER: "buildah",
    // No engine is asked.
    DOCKER_HOST: "unix:///nope.sock",
    PATH: `${directory}/bin:${Deno.env.get("PATH")}`,
  };
  try {
    await sameAsPlain(ws, env);
    const value = async (text: string) => {
      await ws.write({ "base/src/lib.rs": FIXTURE["base/src/lib.rs"]!.replace("a + b", text) });
      await ws.build(["build"], { env, timeoutMs: 300_000 });
      return (await runProgram(`${ws.directory}/target/debug/app`, [])).stdout.split(" ")[0];
    };
    assert.equal(await value("a + b + 1111"), "1114");
    assert.equal(await value("a + b + 2222"), "2225");
    const pulled = await superorch(["rustc-wrap", "pull"], {
      cwd: ws.directory,
      env: ws.env({ env }),
    });
    assert.match(pulled.stdout, /^superorch\/rustc-base:[0-9a-f]{16}\n$/, pulled.stderr);
    // One that is named is asked for there too, and its compiler is looked at.
    await ws.clean();
    await ws.build(["build", "-p", "base"], {
      env: {
        ...env,
        CARGOGREEN_BASE_IMAGE: `docker-image://localhost/${pulled.stdout.trim()}`,
        RUSTCBUILDX_CACHE_DIR: `${ws.root}/named`,
      },
    });
    const calls = (await Deno.readTextFile(`${directory}/calls`)).trim().split("\n");
    // The image is made once.
    assert.equal(calls.filter((line) => line.startsWith("pull ")).length, 1, calls.join("\n"));
    for (const line of calls.filter((call) => call.startsWith("build "))) {
      assert.match(
        line,
        /^build --layers --pull=never --network=none --target=out-\S+ -f Dockerfile(?: --no-cache)?(?: --build-arg=\S+)? --output=- -$/,
      );
    }
  } finally {
    await runProgram("rm", ["-rf", "--one-file-system", directory], { timeoutMs: 60_000 });
  }
});
