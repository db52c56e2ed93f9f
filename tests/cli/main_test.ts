import assert from "node:assert/strict";
import { deno, runProgram, superorch } from "../support/cli.ts";

const root = new URL("../..", import.meta.url);
const { version }: { version: string } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", root)),
);

Deno.test("superorch --version prints its name and the version of the package", async () => {
  assert.match(version, /^\d+\.\d+\.\d+$/);
  const expected = { code: 0, stdout: `superorch ${version}\n`, stderr: "" };
  assert.deepEqual(await superorch(["--version"]), expected);
});

Deno.test("superorch version says what it runs on", async () => {
  const { stdout } = await superorch(["version", "--json"]);
  const report = JSON.parse(stdout);
  assert.equal(report.superorch, version);
  assert.equal(report.deno, Deno.version.deno);
  assert.match((await superorch(["version"])).stdout, new RegExp(`^superorch ${version}\ndeno `));
});

Deno.test("the changelog's newest entry is about the version of the package", async () => {
  const text = await Deno.readTextFile(new URL("CHANGELOG.md", root));
  assert.equal(/^## (\d+\.\d+\.\d+)/m.exec(text)?.[1], version);
});

Deno.test("--help names every command on stdout and loads none", async () => {
  const { code, stdout, stderr } = await superorch(["--help"]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  for (const command of ["ps", "engine", "version"]) {
    assert.match(stdout, new RegExp(`^  ${command} `, "m"));
  }
  const graph = JSON.parse(
    (await deno(["info", "--json", new URL("cli/program.ts", root).href])).stdout,
  );
  const main = graph.modules.find(({ specifier }: { specifier: string }) =>
    specifier.endsWith("/cli/program.ts")
  );
  const eager = main.dependencies.filter(({ isDynamic }: { isDynamic?: boolean }) =>
    isDynamic !== true
  )
    .map(({ specifier }: { specifier: string }) => specifier);
  assert.deepEqual(
    eager.filter((specifier: string) => /lib\/(?!deps\/commander)/.test(specifier)),
    [],
  );
});

Deno.test("help of a command comes by both of its names", async () => {
  const first = await superorch(["help", "ps"]);
  assert.match(first.stdout, /^Usage: superorch ps /);
  assert.deepEqual(await superorch(["ps", "--help"]), first);
});

for (
  const [words, message] of [
    [["pss"], /^Error: unknown command 'pss'\n\(Did you mean ps\?\)\n$/],
    [["ps", "--jsn"], /^Error: unknown option '--jsn'\n\(Did you mean --json\?\)\n$/],
    [["ps", "extra"], /^Error: too many arguments for 'ps'/],
    [["engine", "ensur"], /^Error: unknown command 'ensur'\n\(Did you mean ensure\?\)\n$/],
    [["--nope"], /^Error: unknown option '--nope'\n$/],
    [[], /^Usage: superorch/],
    [["help", "nope"], /unknown command 'nope'|^Usage: superorch/],
  ] as const
) {
  Deno.test(`superorch ${words.join(" ")} is a mistake: exit 2, no trace, nothing on stdout`, async () => {
    const { code, stdout, stderr } = await superorch([...words]);
    assert.match(stderr, message);
    assert.equal(stderr.includes("\n    at "), false);
    assert.equal(stdout, "");
    assert.equal(code, 2);
  });
}

Deno.test("an engine that does not answer is one error without a trace; -v shows where", async () => {
  const env = { DOCKER_HOST: "unix:///nonexistent/docker.sock" };
  const { code, stdout, stderr } = await superorch(["ps"], { env });
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^Error: Cannot find a container engine, tried:\n/);
  assert.match(stderr, /unix:\/\/\/nonexistent\/docker\.sock \(DOCKER_HOST\)/);
  assert.equal(stderr.includes("\n    at "), false);
  const verbose = await superorch(["-v", "ps"], { env });
  assert.match(verbose.stderr, /\n {4}at .*discovery\.ts:\d+/);
});

Deno.test("nothing is coloured in a pipe; a terminal gets colours unless NO_COLOR is set", {
  ignore: Deno.build.os !== "linux", // script(1) differs elsewhere
}, async () => {
  const command = `${Deno.execPath()} run -A ${new URL("cli/main.ts", root).pathname} ps`;
  const env = { DOCKER_HOST: "unix:///nonexistent/docker.sock", TERM: "xterm" };
  const show = async (more: Record<string, string>) => {
    const ran = await runProgram("script", ["-qec", command, "/dev/null"], {
      env: { ...env, ...more },
    });
    return ran.stdout;
  };
  assert.ok((await show({ NO_COLOR: "" })).includes("\x1b[1;31mError:"));
  const plain = await show({ NO_COLOR: "1" });
  assert.ok(plain.includes("Error: Cannot find"));
  assert.equal(plain.includes("\x1b[1;31m"), false);
});

Deno.test("a reader that goes away ends the program quietly", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", new URL("cli/main.ts", root).href, "--help"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assert.equal(stderr, "");
  assert.equal((await child.status).code, 141);
});

Deno.test("started as the reaper of a binary, the program is that and no command line", async () => {
  const env = { SUPERORCH_REAPER: "1" }; // nobody holds its input, so it has nothing to wait for
  assert.deepEqual(await superorch(["pss"], { env }), { code: 0, stdout: "", stderr: "" });
});

Deno.test("superorch runs from a plain URL", async () => {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const path = new URL(`.${new URL(request.url).pathname}`, root);
      const body = await Deno.readTextFile(path).catch(() => undefined);
      const headers = { "content-type": "text/plain" };
      return new Response(body, { status: body === undefined ? 404 : 200, headers });
    },
  );
  const { port } = server.addr;
  try {
    const { code, stdout, stderr } = await deno([
      "run",
      "-A",
      "--no-lock",
      `http://127.0.0.1:${port}/cli/main.ts`,
      "--version",
    ], { cwd: "/" });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `superorch ${version}\n`);
  } finally {
    // What Deno keeps of a URL with a port of this run is of no use to anybody.
    const { denoDir }: { denoDir: string } = JSON.parse((await deno(["info", "--json"])).stdout);
    for (const part of ["remote/http", "gen/http"]) {
      await Deno.remove(`${denoDir}/${part}/127.0.0.1_PORT${port}`, { recursive: true })
        .catch(() => {}); // the second exists only where something was compiled
    }
  }
});
