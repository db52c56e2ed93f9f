// gate-timeout: 240 s
import assert from "node:assert/strict";
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";
import { deno, runProgram } from "../support/cli.ts";
import { serveSources } from "./_source_server.ts";

const ROOT = new URL("../../", import.meta.url);
const { version }: { version: string } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
);

/** An empty directory with nothing of ours around it. */
async function inEmptyDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function image(): Promise<string> {
  await using engine = await connectEngine();
  return await busyboxImage(engine);
}

Deno.test("a script in an empty folder imports the sources from a plain URL and runs a container", async () => {
  await using server = serveSources();
  await inEmptyDirectory(async (directory) => {
    await Deno.writeTextFile(
      `${directory}/script.ts`,
      `import { container, ContainerNetwork } from "${server.url}lib/containers/mod.ts";
import { runMain } from "${server.url}lib/errors/mod.ts";

await runMain(async () => {
  await using network = await ContainerNetwork.create("from-a-url", { forward: false });
  network.add(container("greeter", ${JSON.stringify(await image())}, {
    command: ["sh", "-c", "echo hello from $(hostname | wc -c | tr -d ' ') letters"],
  }));
  await network.run();
  const results = await network.wait(["greeter"], { timeoutMs: 60_000 });
  console.log(results.get("greeter")?.stdoutText());
});
`,
    );
    const { code, stdout, stderr } = await deno(["run", "-q", "-A", "--no-lock", "script.ts"], {
      cwd: directory,
      timeoutMs: 120_000,
    });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^hello from \d+ letters$/m);
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["script.ts"]);
    assert.equal(server.asked.includes("deno.json"), false, "no import map is asked for");
    // Whoever imports one module loads none of those above it.
    assert.equal(server.asked.some((path) => /^(cli|lib\/(ytt|compose))\//.test(path)), false);
  });
});

Deno.test("a whole namespace import from a plain URL type-checks", async () => {
  await using server = serveSources();
  await inEmptyDirectory(async (directory) => {
    await Deno.writeTextFile(
      `${directory}/script.ts`,
      `import { errors, ytt } from "${server.url}mod.ts";
const error: Error = new errors.StackedError("it works");
console.log(error instanceof errors.StackedError, typeof ytt.render);
`,
    );
    const ran = await deno(["run", "-q", "--check", "--no-lock", "--allow-import", "script.ts"], {
      cwd: directory,
      timeoutMs: 120_000,
    });
    assert.deepEqual([ran.code, ran.stdout], [0, "true function\n"], ran.stderr);
  });
});

Deno.test("deno run of a URL is the command line, and its links start it from there", async () => {
  await using server = serveSources();
  await inEmptyDirectory(async (directory) => {
    const main = `${server.url}cli/main.ts`;
    const run = (...args: string[]) =>
      deno(["run", "-q", "-A", "--no-lock", main, ...args], { cwd: directory });
    assert.equal((await run("--version")).stdout, `superorch ${version}\n`);
    const ps = await run("ps", "--json");
    assert.ok(Array.isArray(JSON.parse(ps.stdout)), ps.stderr);
    assert.equal((await run("install-links", "bin", "ytt")).code, 0);
    const ytt = await runProgram(`${directory}/bin/ytt`, ["-f", "-"], {
      cwd: directory,
      stdin: "a: #@ 1 + 2\n",
    });
    assert.deepEqual([ytt.code, ytt.stdout], [0, "a: 3\n"], ytt.stderr);
  });
});

Deno.test("from a registry as JSR is one, modules and the command line work, links too", async () => {
  await using server = serveSources();
  await inEmptyDirectory(async (directory) => {
    const env = { JSR_URL: server.url };
    const name = `jsr:@superorch/superorch@${version}`;
    const run = (...args: string[]) =>
      deno(["run", "-q", "-A", "--no-lock", ...args], { cwd: directory, env, timeoutMs: 60_000 });
    await Deno.writeTextFile(
      `${directory}/script.ts`,
      `import { StackedError } from "${name}/errors";
console.log(new StackedError("it works", { location: false }).message);
`,
    );
    const script = await run("script.ts");
    assert.deepEqual([script.code, script.stdout], [0, "it works\n"], script.stderr);
    const first = await run(`${name}/cli`, "--version");
    assert.equal(first.stdout, `superorch ${version}\n`, first.stderr);
    const ps = await run(`${name}/cli`, "ps", "--json");
    assert.ok(Array.isArray(JSON.parse(ps.stdout)), ps.stderr);
    assert.match((await run(`${name}/cli`, "up", "--help")).stdout, /^Usage: superorch up/);
    assert.equal((await run(`${name}/cli`, "install-links", "bin", "ytt")).code, 0);
    const ytt = await runProgram(`${directory}/bin/ytt`, ["-f", "-"], {
      cwd: directory,
      env,
      stdin: "a: #@ 1 + 2\n",
    });
    assert.deepEqual([ytt.code, ytt.stdout], [0, "a: 3\n"], ytt.stderr);
  });
});

Deno.test("deno install -g gives a command of that name, which finds its engine", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await inEmptyDirectory(async (directory) => {
    const main = new URL("cli/main.ts", ROOT).pathname;
    const installed = await deno(
      ["install", "-q", "-g", "-A", "--root", directory, "-n", "superorch", main],
      { cwd: directory, timeoutMs: 120_000 },
    );
    assert.equal(installed.code, 0, installed.stderr);
    const bin = `${directory}/bin/superorch`;
    const denoDirectory = Deno.execPath().replace(/\/[^/]+$/, "");
    const env = { PATH: `${denoDirectory}:${Deno.env.get("PATH")}` };
    const run = (...args: string[]) => runProgram(bin, args, { cwd: "/", env, timeoutMs: 60_000 });
    assert.equal((await run("--version")).stdout, `superorch ${version}\n`);
    const doctor = await run("doctor", "--json", "--no-container");
    assert.equal(JSON.parse(doctor.stdout).ok, true, doctor.stdout);
    assert.equal((await run("nope")).code, 2);
  });
});
