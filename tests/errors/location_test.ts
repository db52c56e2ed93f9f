import assert from "node:assert/strict";
import { displayFile, firstFrame } from "../../lib/errors/location.ts";
import { StackedError } from "../../lib/errors/mod.ts";
import { deno } from "../support/cli.ts";
import { lineHere } from "./_support.ts";

const root = new URL("../..", import.meta.url);

/** The sources as a plain web server has them. */
function serveSources(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const path = new URL(`.${new URL(request.url).pathname}`, root);
    const body = await Deno.readTextFile(path).catch(() => undefined);
    return new Response(body, {
      status: body === undefined ? 404 : 200,
      headers: { "content-type": "text/plain" },
    });
  });
}

Deno.test("a location is the user's line, also in a path with spaces and umlauts", async () => {
  const directory = await Deno.makeTempDir({ prefix: "mit Ümlaut " });
  try {
    const module = new URL("lib/errors/mod.ts", root).href;
    const script = `${directory}/my script.ts`;
    await Deno.writeTextFile(
      script,
      `import { StackedError } from ${JSON.stringify(module)};\n\n` +
        `console.log(JSON.stringify(new StackedError("x").location));\n`,
    );
    const { stdout, stderr } = await deno(["run", "--no-config", script]);
    assert.deepEqual(JSON.parse(stdout || stderr), { file: script, line: 3, column: 28 });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a location is read on first use and stays the same", () => {
  const error = new StackedError("x");
  const line = lineHere() - 1;
  assert.equal(error.location?.line, line);
  assert.equal(error.location, error.location);
});

Deno.test("a location in a remote module is its URL; another copy's errors are understood", async () => {
  await using server = serveSources();
  const { port } = server.addr;
  const denoDir = await Deno.makeTempDir();
  try {
    const url = `http://127.0.0.1:${port}/tests/errors/scripts/remote.ts`;
    const { stdout, stderr } = await deno([
      "run",
      "--no-lock",
      `--allow-import=127.0.0.1:${port}`,
      new URL("tests/errors/scripts/catches_remote.ts", root).href,
      url,
    ], { env: { DENO_DIR: denoDir } });
    assert.notEqual(stdout, "", stderr);
    const { same, timeout, text } = JSON.parse(stdout);
    assert.equal(same, false);
    assert.equal(timeout, true);
    assert.equal(text, `\n    ours\n    theirs at ${url} 8:9\n    TimeoutError: late`);
  } finally {
    await Deno.remove(denoDir, { recursive: true });
  }
});

for (const kind of ["inline", "linked"]) {
  Deno.test(`a location in a bundle with its source map ${kind} is the line of the source`, async () => {
    const directory = await Deno.makeTempDir();
    try {
      const script = new URL("tests/errors/scripts/failing_main.ts", root);
      const bundled = `${directory}/dist/main.js`;
      const made = await deno([
        "bundle",
        `--sourcemap=${kind}`,
        `--output=${bundled}`,
        script.href,
      ]);
      assert.equal(made.code, 0, made.stderr);
      const { code, stderr } = await deno(["run", "--no-config", bundled]);
      assert.equal(code, 1);
      assert.match(stderr, /\bat \S*\/tests\/errors\/scripts\/failing_main\.ts 4:\d+$/m);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

Deno.test("firstFrame() skips what has no place", () => {
  const stack = "Error: at nothing (x)\n    at Array.map (<anonymous>)\n" +
    "    at async Promise.all (index 0)\n    at async f (file:///a%20b/c.ts:5:34)\n    at d:1:2";
  assert.deepEqual(firstFrame(stack), { file: "/a b/c.ts", line: 5, column: 34 });
  assert.equal(firstFrame("Error: x"), undefined);
  assert.equal(firstFrame(""), undefined);
});

Deno.test("displayFile() shortens what a person need not read", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["file:///home/me/a%20b.ts", "/home/me/a b.ts"],
    ["file:///C:/work/a.ts", "C:/work/a.ts"],
    ["file:///bad%", "file:///bad%"],
    ["https://jsr.io/@scope/pkg/1.2.3/lib/a.ts", "@scope/pkg@1.2.3/lib/a.ts"],
    ["file:///d/npm/registry.npmjs.org/yaml/2.8.0/dist/a.js", "yaml@2.8.0/dist/a.js"],
    ["file:///d/npm/registry.npmjs.org/@a/b/1.0.0/c.js", "@a/b@1.0.0/c.js"],
    ["https://example.com/a.ts", "https://example.com/a.ts"],
    ["<anonymous>", "<anonymous>"],
  ];
  for (const [specifier, shown] of cases) assert.equal(displayFile(specifier), shown);
});
