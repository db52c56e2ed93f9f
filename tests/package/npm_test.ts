// gate-timeout: 300 s
import assert from "node:assert/strict";
import { cacheDirectory } from "../../lib/engine/state.ts";
import { deno, runProgram } from "../support/cli.ts";

const ROOT = new URL("../../", import.meta.url);
const { version }: { version: string } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
);

/** Why npm cannot install here; it needs its registry. */
async function npmProblem(): Promise<string | undefined> {
  try {
    const { code, stderr } = await runProgram("npm", ["view", "commander", "version"], {
      timeoutMs: 60_000,
    });
    return code === 0 ? undefined : `npm: ${stderr.trim().split("\n").at(-1)}`;
  } catch (error) {
    return String(error);
  }
}

/** Bun from npm, once for all runs. */
async function findBun(): Promise<string | undefined> {
  const directory = `${cacheDirectory()}/tests/bun`;
  const architecture = Deno.build.arch === "x86_64" ? "x64" : "aarch64";
  // The plain one wants AVX2.
  const names = [`bun-linux-${architecture}-baseline`, `bun-linux-${architecture}`];
  const path = `${directory}/node_modules/@oven/${names[architecture === "x64" ? 0 : 1]}/bin/bun`;
  if (!await Deno.stat(path).then(() => true, () => false)) {
    await Deno.mkdir(directory, { recursive: true });
    const name = `@oven/${names[architecture === "x64" ? 0 : 1]}`;
    await runProgram("npm", [...INSTALL, "--prefix", directory, name], { timeoutMs: 120_000 })
      .catch(() => {}); // then there is none
  }
  const runs = await runProgram(path, ["--version"]).catch(() => undefined);
  return runs?.code === 0 ? path : undefined;
}

const INSTALL = ["install", "--no-audit", "--no-fund", "--ignore-scripts"];

const PROGRAM = `
import { didYouMean } from "@superorch/superorch/diagnostics";
import { renderError, stackErr } from "@superorch/superorch/errors";
import { Redactor } from "@superorch/superorch/commands/output";
import { parseReference } from "@superorch/superorch/registry";
import { waitForOk, withTimeout } from "@superorch/superorch/retry";
import { render } from "@superorch/superorch/ytt";
import * as starlark from "@superorch/superorch/ytt/starlark";
import { parseDuration } from "@superorch/superorch/compose";
import { container, ContainerNetwork } from "@superorch/superorch/containers";
import { connectEngine } from "@superorch/superorch/engine";
import { command } from "@superorch/superorch/commands";
import { runMain } from "@superorch/superorch/errors";
import * as all from "@superorch/superorch";

const results = {};
const tell = async (name, work) => {
  try {
    results[name] = await work();
  } catch (error) {
    results[name] = \`\${error.name}: \${error.message}\`;
  }
};
await tell("errors", () =>
  stackErr(() => JSON.parse("{"), "Cannot parse it").then?.() ?? "");
await tell("stacked", () => stackErr(Promise.reject(new Error("root")), "Cannot do it")
  .catch((error) => renderError(error).replace(/ at .*/, "").trim().split(/\\n\\s*/)));
await tell("suggestion", () => didYouMean("prot", ["port", "image"]));
await tell("reference", () => parseReference("busybox:1").repository);
await tell("retry", () => waitForOk({ retries: 2, delayMs: 1 }, async () => "there"));
await tell("time-out", () => withTimeout(() => new Promise(() => {}), 10));
await tell("template", async () => {
  const data = new TextEncoder().encode("a: #@ 1 + 2\\n");
  return (await render({ files: [{ path: "a.yml", data }] })).output();
});
await tell("duration", () => parseDuration("1m30s"));
await tell("specification", () => container("db", "postgres:16", { ports: [80] }).name);
await tell("all", () => "containers" in all);
await tell("network", () => ContainerNetwork.create("x"));
await tell("engine", () => connectEngine());
await tell("command", () => command("ls").runToCompletion());
console.log(JSON.stringify(results));
`;

const NEEDS = /^DenoNeededError: Cannot use \S+: this part of @superorch\/superorch needs Deno/;

function checkResults(stdout: string): void {
  const results = JSON.parse(stdout);
  assert.deepEqual(results.stacked, ["Cannot do it", "root"]);
  assert.equal(results.suggestion, "port");
  assert.equal(results.reference, "library/busybox");
  assert.equal(results.retry, "there");
  assert.match(results["time-out"], /^TimeoutError/);
  assert.equal(results.template, "a: 3\n");
  assert.equal(results.duration, 90_000);
  assert.equal(results.specification, "db");
  assert.equal(results.all, true);
  for (const name of ["network", "engine", "command"]) assert.match(results[name], NEEDS, name);
}

const problem = await npmProblem();
const why = problem === undefined ? "" : ` (skipped: ${problem})`;

Deno.test({
  name: `npm installs the package; Node, Bun and its command run it${why}`,
  ignore: problem !== undefined || Deno.build.os === "windows",
  fn: async (t) => {
    const directory = await Deno.makeTempDir();
    try {
      const tarball = `${directory}/superorch.tgz`;
      const made = await deno(["run", "-q", "-A", new URL("tools/npm.ts", ROOT).href, tarball], {
        timeoutMs: 120_000,
      });
      assert.equal(made.code, 0, made.stderr);
      await Deno.writeTextFile(`${directory}/package.json`, '{ "type": "module" }');
      const installed = await runProgram("npm", [...INSTALL, "./superorch.tgz"], {
        cwd: directory,
        timeoutMs: 120_000,
      });
      assert.equal(installed.code, 0, installed.stderr);
      await Deno.writeTextFile(`${directory}/program.js`, PROGRAM);

      await t.step("every entry point can be imported by Node", async () => {
        const { exports } = JSON.parse(
          await Deno.readTextFile(`${directory}/node_modules/@superorch/superorch/package.json`),
        );
        const names = Object.keys(exports).map((key) => `@superorch/superorch${key.slice(1)}`);
        assert.ok(names.length > 15);
        const text = names.map((name) => `await import(${JSON.stringify(name)});`).join("\n");
        await Deno.writeTextFile(`${directory}/all.js`, text);
        const ran = await runProgram("node", ["all.js"], { cwd: directory });
        assert.deepEqual([ran.code, ran.stdout, ran.stderr], [0, "", ""]);
      });

      await t.step("on Node what needs no Deno works, and the rest names Deno", async () => {
        const ran = await runProgram("node", ["program.js"], { cwd: directory });
        assert.equal(ran.code, 0, ran.stderr);
        checkResults(ran.stdout);
      });

      const bun = await findBun();
      await t.step({
        name: `the same on Bun${bun === undefined ? " (skipped: npm has none for here)" : ""}`,
        ignore: bun === undefined,
        fn: async () => {
          const ran = await runProgram(bun!, ["program.js"], { cwd: directory });
          assert.equal(ran.code, 0, ran.stderr);
          checkResults(ran.stdout);
        },
      });

      const bin = `${directory}/node_modules/.bin/superorch`;
      const path = (before: string) => ({ PATH: `${before}:/usr/bin:/bin` });
      await t.step(
        "its command starts Deno, with its words, its output and its exit code",
        async () => {
          await Deno.mkdir(`${directory}/deno`);
          await Deno.symlink(Deno.execPath(), `${directory}/deno/deno`);
          const env = path(`${directory}/deno`);
          const run = (...args: string[]) => runProgram(bin, args, { cwd: directory, env });
          assert.equal((await run("--version")).stdout, `superorch ${version}\n`);
          assert.equal((await run("ps", "--nope")).code, 2);
          const ytt = await runProgram(bin, ["ytt", "-f", "-"], {
            cwd: directory,
            env,
            stdin: "a: #@ 1 + 2\n",
          });
          assert.equal(ytt.stdout, "a: 3\n");
        },
      );

      await t.step("without Deno its command says what is missing", async () => {
        const { stdout } = await runProgram("sh", ["-c", "command -v node"]);
        await Deno.mkdir(`${directory}/node`);
        await Deno.symlink(await Deno.realPath(stdout.trim()), `${directory}/node/node`);
        const ran = await runProgram(`${directory}/node/node`, [await Deno.realPath(bin), "ps"], {
          env: { PATH: `${directory}/node` },
        });
        assert.equal(ran.code, 127);
        assert.match(ran.stderr, /^superorch: cannot find Deno.*npm install -g deno\n$/);
      });
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
