import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import {
  type InputFile,
  readFiles,
  render,
  type RenderOptions,
  YttError,
} from "../../lib/ytt/mod.ts";

/** The error of a rendering that must fail within `withinMs`. */
async function failure(
  data: InputFile["data"],
  options: Partial<RenderOptions> = {},
  withinMs = 20_000,
): Promise<YttError> {
  const start = performance.now();
  let error: unknown;
  try {
    await render({ files: [{ path: "a.yml", data }], ...options });
  } catch (thrown) {
    error = thrown;
  }
  ok(error instanceof YttError, `Expected a YttError, but got ${error}`);
  const elapsed = performance.now() - start;
  ok(elapsed < withinMs, `Expected an error within ${withinMs} ms, but it took ${elapsed}`);
  return error;
}

const located = /a\.yml:\d+ \||yaml: line \d+: |^Failed to parse line a\.yml:\d+/m;

const cases: Record<string, [data: string | Uint8Array, message: RegExp]> = {
  "deep flow collections": [`a: ${"[".repeat(200_000)}`, /exceeded max depth/],
  "deep block maps": [
    Array.from({ length: 3000 }, (_, i) => `${" ".repeat(i)}a:\n`).join(""),
    /exceeded max depth/,
  ],
  "deep sequences on one line": [`${"- ".repeat(50_000)}x`, /exceeded max depth/],
  "deep expressions": [`#@ x = ${"(".repeat(100_000)}\na: 1`, /nested too deeply/],
  "recursion without end": ["#@ def f(x): return f(x)\na: #@ f(1)", /nested too deeply/],
  "recursion through nodes": ["#@ def f(x):\nb: #@ f(x)\n#@ end\na: #@ f(1)", /nested too deeply/],
  "a loop for ever": [
    "#@ def f():\n#@ for i in range(1000000000):\n#@ x = i\n#@ end\n#@ end\na: #@ f()",
    /too many steps/,
  ],
  "a string that doubles": [
    '#@ x = "x" * 1000\n#@ for i in range(100):\n#@ x = x + x\n#@ end\na: #@ x',
    /too (long|much|large)/,
  ],
  "a list that doubles": [
    "#@ x = [1]\n#@ for i in range(100):\n#@ x = x + x\n#@ end\na: #@ x",
    /too much memory/,
  ],
  "a list that contains itself": ["#@ x = []\n#@ x.append(x)\na: #@ x", /nested deeper/],
  "billion laughs": [
    `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${
      Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]\n`).join(
        "",
      )
    }`,
    /excessive aliasing/,
  ],
  "an alias to itself": ["a: &a [*a]", /contains itself/],
  "invalid UTF-8": [
    new Uint8Array([97, 58, 32, 10, 98, 58, 32, 0xff]),
    /line 2: invalid leading UTF-8/,
  ],
  "a NUL": ["a: \0", /control characters/],
  "tabs as indentation": ["a:\n\tb: 1", /line 2: found character that cannot start any token/],
  "an unclosed quote": ['a: "x\n', /found unexpected end of stream/],
};

for (const [name, [data, message]] of Object.entries(cases)) {
  Deno.test(`render() fails with a place and in time for ${name}`, async () => {
    const error = await failure(data);
    match(error.message, message);
    match(error.message, located);
  });
}

Deno.test("render() stops at a step limit, a time limit and a signal", async () => {
  const loop = "#@ def f():\n#@ for i in range(100000000):\n#@ x = i\n#@ end\n#@ end\na: #@ f()";
  strictEqual((await failure(loop, { limits: { maxSteps: 1000 } })).limit, "steps");
  strictEqual((await failure(loop, { timeLimitMs: 5 })).limit, "time");
  strictEqual((await failure(loop, { signal: AbortSignal.abort() })).limit, "abort");
});

Deno.test("a limit cannot be caught by the template", async () => {
  const data =
    '#@ load("@ytt:assert", "assert")\n#@ def f():\n#@ for i in range(100000000):\n#@ x = i\n' +
    "#@ end\n#@ end\na: #@ assert.try_to(f)\n";
  strictEqual((await failure(data, { limits: { maxSteps: 1000 } })).limit, "steps");
});

Deno.test("render() takes CRLF, a byte order mark and a long string", async () => {
  const crlf = await render({
    files: [{
      path: "a.yml",
      data: "#@ x = 1\r\n#@ if True:\r\na: #@ x\r\n#@ end\r\nb: |\r\n  t\r\n",
    }],
  });
  strictEqual(crlf.output(), "a: 1\nb: |\n  t\n");
  const marked = await render({
    files: [{ path: "a.yml", data: new Uint8Array([0xef, 0xbb, 0xbf, 97, 58]) }],
  });
  deepStrictEqual(marked.documents(), [{ a: null }]);
  const long = "x".repeat(10_000_000);
  strictEqual(
    (await render({ files: [{ path: "a.yml", data: `a: "${long}"` }] })).output(),
    `a: ${long}\n`,
  );
});

Deno.test("readFiles() refuses a link out of the tree, and does not follow links to directories", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${directory}/in`);
    Deno.writeTextFileSync(`${directory}/secret.yml`, "a: 1");
    Deno.symlinkSync("..", `${directory}/in/up`);
    deepStrictEqual(await readFiles([`${directory}/in`]), []);
    Deno.symlinkSync("../secret.yml", `${directory}/in/link.yml`);
    await rejects(
      readFiles([`${directory}/in`]),
      /Expected symlink file .* to be allowed, but was not/,
    );
    const files = await readFiles([`${directory}/in`], { allowSymlinks: true });
    strictEqual((await render({ files })).output(), "a: 1\n");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
