// gate-timeout: 1500 s

import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { superorch } from "../support/cli.ts";
import { ciImage } from "../support/ci_image.ts";

const root = new URL("../..", import.meta.url).pathname;

Deno.test("this project's own .buildr.yml passes, in an image made of Debian packages", async () => {
  await using engine = await connectEngine();
  const { skip } = await ciImage(engine);
  if (skip !== undefined) return console.log(`skipped: ${skip}`);
  const home = await Deno.makeTempDir({ prefix: "superorch-buildr-own-" });
  try {
    const { code, stdout, stderr } = await superorch(["buildr", "--path", root], {
      cwd: home,
      timeoutMs: 1_400_000,
      env: {
        DOCKER_HOST: engine.host,
        DENO_DIR: Deno.env.get("DENO_DIR") ??
          `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/deno`,
        XDG_CACHE_HOME: home,
        NO_COLOR: "1",
      },
    });
    assert.equal(code, 0, `${stdout.slice(-8000)}\n${stderr.slice(-8000)}`);
    for (const stage of ["format", "lint", "check", "test"]) {
      assert.match(stderr, new RegExp(`^${stage} +passed`, "m"));
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
