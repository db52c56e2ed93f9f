import assert from "node:assert/strict";
import { debianFiles, isProgram, libraryPath } from "../support/debian_packages.ts";
import { runProgram } from "../support/cli.ts";
import { dependantsOf, installedDependencies } from "../../lib/orchestra/mod.ts";
import { components, fakeWorld, Project } from "./_support.ts";

const TREE = components({
  "lib/app@one": ["zlib", "b~two"],
  "zlib@default": [],
  "b@one": ["zlib"],
  "b@two": [],
}).replace("  zlib:\n", "  zlib:\n    repository: zlib\n");

/** The canonical form that graphviz gives a graph: that of a program that reads it. */
async function canonical(dot: string): Promise<string | undefined> {
  let program = "nop";
  let env: Record<string, string> = {};
  if (!await isProgram(program)) {
    const { root } = await debianFiles({ packages: ["graphviz"] });
    if (root === undefined) return undefined;
    program = `${root}/usr/bin/nop`;
    env = { LD_LIBRARY_PATH: libraryPath(root) };
  }
  const { code, stdout, stderr } = await runProgram(program, ["-"], { stdin: dot, env });
  assert.equal(code, 0, stderr);
  return stdout;
}

Deno.test("graph prints choices, colours and the root, and the solved one none of them", async () => {
  await using project = await Project.create(TREE);
  const unsolved = await project.orc(["graph", "-b", "lib/app"]);
  assert.equal(unsolved.code, 0, unsolved.stderr);
  for (
    const part of [
      "strict digraph  {\nsplines=ortho;\n",
      '"Dummy root"',
      '"AnyOf [1]"  [fillcolor=lightblue, shape=box, style=filled];\n',
      '"Action install (build or binary archives) of lib/app@one"  [fillcolor=white',
      '"Action configure of zlib@default" -> "Action clone of zlib";\n',
      "node [shape=box];\n}\n\n",
    ]
  ) assert.ok(unsolved.stdout.includes(part), `${part}\nis not in\n${unsolved.stdout}`);
  const solved = await project.orc(["graph", "-b", "-s", "--no-color", "lib/app"]);
  assert.ok(!/Dummy root|AnyOf|fillcolor/.test(solved.stdout), solved.stdout);
  assert.ok(solved.stdout.includes('-> "Action clone of zlib";'));
  assert.ok(!solved.stdout.includes('"Action clone of zlib" ->'));
  assert.ok(solved.stdout.includes("of b@two"));
  const json = JSON.parse((await project.orc(["graph", "-b", "-s", "--json", "lib/app"])).stdout);
  assert.deepEqual(json.edges[0], {
    from: "install lib/app@one",
    to: "configure lib/app@one",
    ordering: false,
  });
});

Deno.test("graphviz reads what graph prints, odd names included", async () => {
  await using project = await Project.create(TREE.replace("  zlib:\n", '  "zlib":\n'));
  for (const words of [["-b"], ["-b", "-s"], ["-B", "--all-builds", "--no-color"]]) {
    const { stdout, stderr, code } = await project.orc(["graph", ...words]);
    assert.equal(code, 0, stderr);
    const read = await canonical(stdout);
    if (read === undefined) return;
    assert.match(read, /strict digraph/);
    assert.match(read, /"Action clone of zlib"/);
  }
});

Deno.test("edges that only give an order are labelled", async () => {
  await using project = await Project.create(
    components({ "z@z": ["x", "w"], "x@x": ["a@a1"], "w@w": ["a@a2"], "a@a1": [], "a@a2": [] }),
  );
  const { stdout } = await project.orc(["graph", "-b", "-s", "z"]);
  assert.ok(
    stdout.includes(
      '"Action configure of a@a1" -> "Action install (build or binary archives) of w@w"  ' +
        '[label="Intra-component ordering"];',
    ),
    stdout,
  );
});

Deno.test("dependantsOf() and installedDependencies() go through choices and builds", async () => {
  await using project = await Project.create(TREE);
  const configuration = await project.load();
  assert.deepEqual(dependantsOf(configuration, ["zlib"]), ["lib/app", "b"]);
  assert.deepEqual(dependantsOf(configuration, ["b"], 1), ["lib/app"]);
  assert.deepEqual(dependantsOf(configuration, ["lib/app"]), []);
  const target = { component: "lib/app", build: "one" };
  const there = fakeWorld({ installed: { "b@one": "", "zlib@default": "" } });
  assert.deepEqual(
    installedDependencies(target, { configuration, installed: there.installed }),
    { names: ["zlib", "b"], missing: [] },
  );
  const without = fakeWorld({ installed: { "b@one": "" } });
  assert.deepEqual(
    installedDependencies(target, { configuration, installed: without.installed }),
    { names: ["b"], missing: ["zlib"] },
  );
});
