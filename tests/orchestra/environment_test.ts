import assert from "node:assert/strict";
import { buildEnvironment, exportLines, withEnvironment } from "../../lib/orchestra/mod.ts";
import { runProgram } from "../support/cli.ts";
import { Project, SMALL } from "./_support.ts";

const APP = `components:
  lib/app:
    builds:
      one/x: {configure: c, install: i}
`;

Deno.test("the environment has the order of the original, and what belongs to a build", async () => {
  await using project = await Project.create(APP);
  const configuration = await project.load();
  const target = { component: "lib/app", build: "one/x" };
  const { directory } = project;
  assert.equal(
    exportLines(buildEnvironment(configuration, { target, install: true, runTests: true })),
    `export ORCHESTRA_DOTDIR="${directory}/.orchestra"
export ORCHESTRA_ROOT="${directory}/root"
export SOURCE_ARCHIVES="${directory}/.orchestra/source_archives"
export BINARY_ARCHIVES="${directory}/.orchestra/binary_archives"
export SOURCES_DIR="${directory}/sources"
export BUILDS_DIR="${directory}/build"
export TMP_ROOTS="${directory}/.orchestra/tmproot"
export RPATH_PLACEHOLDER="////////////////////////////////////////////////$ORCHESTRA_ROOT"
export GIT_ASKPASS="/bin/true"
export PATH="\${PATH:+\${PATH}}"
export SOURCE_DIR="${directory}/sources/lib_app"
export BUILD_DIR="${directory}/build/lib_app/one_x"
export TMP_ROOT="${directory}/.orchestra/tmproot/lib_app_one_x"
export DESTDIR="${directory}/.orchestra/tmproot/lib_app_one_x"
export RUN_TESTS="1"
`,
  );
  const names = buildEnvironment(configuration, { target }).map(({ name }) => name);
  assert.ok(!names.includes("DESTDIR"));
  assert.deepEqual(buildEnvironment(configuration).at(-1), {
    kind: "set",
    name: "RUN_TESTS",
    value: "0",
  });
});

Deno.test("a build directory of the original, with slashes, goes on being used", async () => {
  await using project = await Project.create(APP);
  const configuration = await project.load();
  const directory = () =>
    buildEnvironment(configuration, { target: { component: "lib/app", build: "one/x" } })
      .find(({ name }) => name === "BUILD_DIR");
  await Deno.mkdir(project.path("build/lib/app/one/x"), { recursive: true });
  assert.deepEqual(directory(), {
    kind: "set",
    name: "BUILD_DIR",
    value: project.path("build/lib/app/one/x"),
  });
  await Deno.mkdir(project.path("build/lib_app/one_x"), { recursive: true });
  assert.deepEqual(directory(), {
    kind: "set",
    name: "BUILD_DIR",
    value: project.path("build/lib_app/one_x"),
  });
});

Deno.test("a variable that is set twice keeps its place and gets its last value", async () => {
  await using project = await Project.create(
    `${SMALL}environment: [{A: "1"}, {B: $A}, {A: "3"}, {"-BAZ": ""}]\n`,
  );
  const lines = exportLines(buildEnvironment(await project.load()));
  assert.ok(
    lines.includes(
      'GIT_ASKPASS="/bin/true"\nexport A="3"\nexport B="$A"\nunset -v BAZ\nexport PATH',
    ),
    lines,
  );
});

Deno.test("PATH has the directories of the configuration, then those of components", async () => {
  await using project = await Project.create(
    `${
      SMALL.replace("    builds", "    add_to_path: [$ORCHESTRA_ROOT/opt/zlib/bin]\n    builds")
    }` +
      "add_to_path: [$ORCHESTRA_ROOT/bin]\n",
  );
  const lines = exportLines(buildEnvironment(await project.load()));
  assert.ok(
    lines.includes(
      'export PATH="$ORCHESTRA_ROOT/bin:$ORCHESTRA_ROOT/opt/zlib/bin${PATH:+:${PATH}}"\n',
    ),
    lines,
  );
});

Deno.test("paths with characters of the shell stay what they are", async () => {
  const paths = "paths: {orchestra_root: 'a (touch x) \"b\" \\ `c`'}\n";
  await using project = await Project.create(SMALL + paths);
  const configuration = await project.load();
  const script = withEnvironment('printf %s "$ORCHESTRA_ROOT"', buildEnvironment(configuration));
  const { code, stdout } = await runProgram("bash", ["-c", script]);
  assert.deepEqual([code, stdout], [0, configuration.paths.orchestraRoot]);
  assert.match(stdout, /a \(touch x\) "b" \\ `c`$/);
});

Deno.test("scripts end at the first failure, in pipes too, and at unset variables", async () => {
  await using project = await Project.create(SMALL);
  const environment = buildEnvironment(await project.load());
  for (const script of ["false; echo no", "false | cat; echo no", "echo $UNDEF; echo no"]) {
    const { code, stdout } = await runProgram("bash", ["-c", withEnvironment(script, environment)]);
    assert.notEqual(code, 0, script);
    assert.ok(!stdout.includes("no"), script);
  }
});
