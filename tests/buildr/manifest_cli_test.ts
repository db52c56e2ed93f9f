import assert from "node:assert/strict";
import { deno } from "../support/cli.ts";
import { buildr } from "./_cli.ts";

const WRONG =
  "stages: [build, deply]\nbuild: {script: make, timeout: 20, scirpt: x}\ndeploy: {script: x}\n";
const RIGHT = "version: 2\nimage: busybox\nstages: [lint, unit]\nlint: {needs: [], script: x}\n" +
  "unit: {matrix: {n: [1, 2]}, script: 'echo ${matrix.n}', tags: slow}\n";

async function withProject(
  files: Readonly<Record<string, string>>,
  body: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "superorch-buildr-" }));
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("validate shows every mistake at its place and ends with 2", async () => {
  await withProject({ ".buildr.yml": WRONG }, async (directory) => {
    const { code, stdout, stderr } = await buildr("validate", "--path", directory);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    const file = `${directory}/.buildr.yml`;
    for (
      const place of [
        "1:17: error[undefined-stage]",
        "2:32: error[bad-duration]",
        "2:36: error[unknown-key]",
      ]
    ) {
      assert.ok(stderr.includes(`${file}:${place}`), `${place} is not in ${stderr}`);
    }
    assert.match(stderr, /did you mean "deploy"\?/);
    assert.match(stderr, /3 mistakes, 1 warning\n$/);
  });
});

Deno.test("validate prints JSON and annotations for GitHub", async () => {
  await withProject({ ".buildr.yml": WRONG }, async (directory) => {
    const json = await buildr("validate", "--path", directory, "--format", "json");
    assert.equal(json.code, 2);
    const { valid, diagnostics } = JSON.parse(json.stdout);
    assert.equal(valid, false);
    assert.deepEqual(
      diagnostics.map((
        one: { code: string; line: number; column: number },
      ) => [one.code, one.line, one.column]),
      [["undefined-stage", 1, 17], ["bad-duration", 2, 32], ["unknown-key", 2, 36], [
        "unused-key",
        3,
        1,
      ]],
    );
    const github = await buildr("validate", "--path", directory, "--format", "github");
    assert.equal(github.code, 2);
    assert.match(
      github.stdout,
      /^::error file=.*,line=1,col=17,.*title=undefined-stage::Stage "deply"/,
    );
  });
});

Deno.test("validate --strict takes what is doubtful for a mistake", async () => {
  await withProject({ ".buildr.yml": "stages: [a]\na: {}\n" }, async (directory) => {
    assert.equal((await buildr("validate", "--path", directory)).code, 0);
    assert.equal((await buildr("validate", "--path", directory, "--strict", "-q")).code, 2);
  });
});

Deno.test("validate of the whole program is done in a moment", async () => {
  await withProject({ ".buildr.yml": RIGHT }, async (directory) => {
    const main = new URL("../../cli/main.ts", import.meta.url).pathname;
    let least = Infinity;
    for (let round = 0; round < 5; round++) {
      const start = performance.now();
      const args = ["run", "-A", main, "buildr", "validate", "--path", directory];
      assert.equal((await deno(args)).code, 0);
      least = Math.min(least, performance.now() - start);
    }
    // 100 ms on a quiet machine, and five times that on a busy one.
    assert.ok(least < 3_000, `${least} ms`);
  });
});

Deno.test("without a manifest every command ends with 2 and names what was tried", async () => {
  await withProject({}, async (directory) => {
    for (const command of ["validate", "list", "graph", "explain x"]) {
      const { code, stderr } = await buildr(...command.split(" "), "--path", directory);
      assert.equal(code, 2, command);
      assert.match(
        stderr,
        /^Error: Cannot find a manifest in ".*": there is none of "\.buildr", "\.buildr\.yml"/,
      );
      assert.equal(stderr.trimEnd().split("\n").length, 1);
    }
    const gone = await buildr("validate", "--path", `${directory}/gone`);
    assert.equal(gone.code, 2);
    assert.match(gone.stderr, /there is no such directory/);
  });
});

Deno.test("list, graph and explain show rows and reasons, as text and as data", async () => {
  await withProject({ ".buildr.yml": RIGHT }, async (directory) => {
    const list = await buildr("list", "--path", directory, "--json");
    assert.deepEqual(
      JSON.parse(list.stdout).map((one: { id: string; skip?: string }) => [one.id, one.skip]),
      [
        ["lint", undefined],
        ["unit[n=1]", "it runs only with --tags slow"],
        ["unit[n=2]", "it runs only with --tags slow"],
      ],
    );
    const text = await buildr("list", "--path", directory, "--tags", "slow", "--matrix", "n=2");
    assert.match(text.stdout, /^unit\[n=1\]\t.*\tskipped: --matrix n=2$/m);
    assert.match(text.stdout, /^unit\[n=2\]\tbusybox:latest\tlint\tslow\t$/m);
    const graph = await buildr("graph", "--path", directory, "--dot");
    assert.match(graph.stdout, /"lint" -> "unit\[n=1\]";/);
    const explain = await buildr(
      "explain",
      "unit",
      "--path",
      directory,
      "--json",
      "--tags",
      "slow",
    );
    const { nodes } = JSON.parse(explain.stdout);
    assert.deepEqual(nodes[1].commands[0].argv, ["sh", "-ec", "echo 2"]);
    const unknown = await buildr("explain", "untt", "--path", directory);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /There is no stage "untt", did you mean "unit"\?/);
  });
});

Deno.test("a dry run shows names of variables and never their values", async () => {
  const text =
    "version: 2\nimage: x\nenvironment: {inherit: true, vars: {API: top-secret-value}}\n" +
    "secrets: {T: {env: SOME_TOKEN}}\nstages: [a]\na: {secrets: [T], script: run}\n";
  await withProject({ ".buildr.yml": text }, async (directory) => {
    for (const json of [[], ["--json"]]) {
      const { code, stdout, stderr } = await buildr(
        "run",
        "--dry-run",
        "--path",
        directory,
        "-e",
        "MORE=value-of-more",
        ...json,
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /API/);
      assert.match(stdout, /MORE/);
      assert.doesNotMatch(stdout + stderr, /top-secret-value|value-of-more/);
    }
  });
});
