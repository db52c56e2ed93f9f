// gate-timeout: 240 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { components, Project, SMALL, SMALL_HASH } from "./_support.ts";

const TREE = `${SMALL}  lib/app:
    repository: app
    license: LICENSE
    builds:
      two: {configure: c, install: i}
      one:
        configure: c
        install: i
        dependencies: [a, zlib~fast]
        build_dependencies: [cmake]
  zlib:
    repository: zlib
    builds:
      fast: {configure: c, install: i}
      slow: {configure: c, install: i}
  cmake: {builds: {b: {configure: c, install: i}}}
remote_base_urls: [{origin: "https://user:secret@example.com/group"}]
`;

/** Writes the metadata of an installed component, as the original does. */
async function install(
  project: Project,
  component: string,
  build: string,
  hash: string,
  manually = true,
): Promise<void> {
  const name = component.replaceAll("/", "_");
  const metadata = {
    component_name: component,
    build_name: build,
    recursive_hash: hash,
    source: "build",
    manually_installed: manually,
    install_time: 0.5,
    binary_archive_path: "x",
  };
  const files = [`${name}_file`, `share/orchestra/${name}.idx`, `share/orchestra/${name}.json`];
  await project.write(`root/share/orchestra/${name}.json`, JSON.stringify(metadata));
  await project.write(
    `root/share/orchestra/${name}.idx`,
    files.map((file) => `${file}\n`).join(""),
  );
  await project.write(`root/${name}_file`, "");
}

Deno.test("orc without a command prints its help and fails; a wrong word is a usage error", async () => {
  await using project = await Project.create(SMALL);
  const version = await project.orc(["version"]);
  assert.deepEqual(version, { code: 0, stdout: "3.2.0\n", stderr: "" });
  for (const words of [[], ["inspect"], ["inspect", "component"], ["-q"]]) {
    const { code, stdout, stderr } = await project.orc(words);
    assert.deepEqual([code, stderr], [1, ""], words.join(" "));
    assert.match(stdout, /^Usage: orc/);
  }
  assert.equal((await project.orc(["--help"])).code, 0);
  for (
    const words of [
      ["foo"],
      ["components", "--nope"],
      ["components", "a", "b"],
      ["-v", "LOUD", "ls"],
      ["graph", "--no"],
      ["inspect", "component", "hash-material"],
    ]
  ) {
    const { code, stdout, stderr } = await project.orc(words);
    assert.deepEqual([code, stdout], [2, ""], words.join(" "));
    assert.match(stderr, /orc.*: error: /, words.join(" "));
    assert.ok(!stderr.includes("    at "), stderr);
  }
  const help = await project.orc(["help", "install"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^Usage: orc install \[options\] <components\.\.\.>\n/);
  assert.equal(help.stdout, (await project.orc(["install", "--help"])).stdout);
  assert.equal((await project.orc(["help"])).stdout, (await project.orc(["--help"])).stdout);
  const unknown = await project.orc(["help", "foo"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /invalid choice: 'foo'/);
});

Deno.test("options may be abbreviated, and those of the program stand before the command", async () => {
  await using project = await Project.create(SMALL);
  const { code, stdout, stderr } = await project.orc(["--no-conf", "components", "--hash"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout, `Component a [recursive hash: ${SMALL_HASH}]\n  Build b [default]\n\n`);
  assert.equal((await project.orc(["components", "--no-conf"])).code, 2);
});

Deno.test("the configuration is found from below, from -C, and through ORCHESTRA_DOTDIR", async () => {
  await using project = await Project.create(SMALL);
  const elsewhere = await Deno.makeTempDir();
  try {
    const there = (await project.orc(["components"])).stdout;
    assert.match(there, /^Component a \n {2}Build b \[default\]\n\n$/);
    await Deno.mkdir(project.path("sub/dir"), { recursive: true });
    const cwd = elsewhere;
    const same = [
      await project.orc(["components"], { cwd: project.path("sub/dir") }),
      await project.orc(["-C", project.directory, "components"], { cwd }),
      await project.orc(["--orchestra-dotdir", project.path("sub"), "components"], { cwd }),
      await project.orc(["components"], {
        cwd,
        env: { ORCHESTRA_DOTDIR: project.path(".orchestra") },
      }),
    ];
    for (const { code, stdout, stderr } of same) {
      assert.deepEqual([code, stdout, stderr], [0, there, ""]);
    }
    assert.deepEqual(await project.orc(["components"], { cwd }), {
      code: 100,
      stdout: "",
      stderr: "[+] ERROR - Directory .orchestra not found!\n",
    });
    assert.equal((await project.orc(["-C", "/nope", "components"], { cwd })).code, 100);
    const old = await project.orc(["--log-to-stdout", "components"], { cwd });
    assert.deepEqual([old.stdout, old.stderr], [
      "[+] ERROR - Directory .orchestra not found!\n",
      "",
    ]);
  } finally {
    await Deno.remove(elsewhere, { recursive: true });
  }
});

Deno.test("wrong configurations and names are named errors with the original's exit codes", async () => {
  await using project = await Project.create(TREE);
  const unknown = await project.orc(["components", "zlibb"]);
  assert.deepEqual(unknown, {
    code: 1,
    stdout: "",
    stderr: "[+] ERROR - Component zlibb not found! Did you mean zlib?\n",
  });
  const build = await project.orc(["components", "zlib@fats"]);
  assert.deepEqual([build.code, build.stderr], [
    100,
    "[+] ERROR - Build zlib@fats not found! Did you mean zlib@fast?\n",
  ]);
  await project.configure({ "components.yml": `${TREE}foo: 1\n` });
  const wrong = await project.orc(["components"]);
  assert.equal(wrong.code, 100);
  assert.match(
    wrong.stderr,
    /^\[\+\] ERROR - Invalid configuration\. Got the following error at path \$:\nAdditional properties are not allowed \('foo' was unexpected\)\n {4}in config\/components\.yml:\d+\n$/,
  );
  await project.configure({ "components.yml": TREE.replace("[a,", "[b,") });
  const missing = await project.orc(["graph"]);
  assert.equal(missing.code, 100);
  assert.match(missing.stderr, /depends on b, but there is no component "b"/);
  await project.configure({ "components.yml": `${TREE}paths: {tmproot: "\${NOPE}"}\n` });
  const path = await project.orc(["environment"]);
  assert.deepEqual([path.code, path.stderr.trim().split("\n").length], [100, 1]);
});

Deno.test("the first run without remotes says what to write, and fails", async () => {
  await using project = await Project.create(SMALL);
  await Deno.remove(project.path(".orchestra/config/user_options.yml"));
  const { code, stderr } = await project.orc(["components"]);
  assert.equal(code, 1);
  assert.match(stderr, /INFO - This is the first time you run orchestra, welcome!\n/);
  assert.match(
    stderr,
    /ERROR - Could not get default remotes, manually configure .*user_options\.yml\n/,
  );
  assert.match(stderr, /#@data\/values\n/);
});

Deno.test("components prints what is asked for, in the order of the configuration", async () => {
  await using project = await Project.create(TREE);
  await install(project, "lib/app", "one", "0".repeat(40));
  await install(project, "a", "b", SMALL_HASH, false);
  const list = async (...words: string[]) => {
    const { code, stdout, stderr } = await project.orc(["components", ...words]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.equal(
    await list("--deps"),
    `Component a \n  Build b [installed as dependency] [default]\n
Component lib/app \n  Build two [config deps: app]
  Build one [installed_manually] [default] [config deps: Any of {zlib@fast, zlib@slow} a@b app cmake@b] [install deps: Any of {zlib@fast, zlib@slow} a@b]\n
Component zlib \n  Build fast [default] [config deps: zlib]\n  Build slow [config deps: zlib]\n
Component cmake \n  Build b [default]\n\n`,
  );
  const names = (text: string) => text.match(/(?<=^Component )\S+/gm) ?? [];
  assert.deepEqual(names(await list("--installed")), ["a", "lib/app"]);
  assert.deepEqual(names(await list("--not-installed")), ["zlib", "cmake"]);
  const url = "https://example.com/group/zlib";
  for (const same of [url, `${url}.git`, url.replace("//", "//me:pw@")]) {
    assert.deepEqual(names(await list("--repository-url", same)), ["zlib"]);
  }
  assert.deepEqual(names(await list("--repository-url", "https://example.com/zlib")), []);
  assert.deepEqual(names(await list("lib/app@two")), ["lib/app"]);
});

Deno.test("components --json is one line, sorted, with the fields of the original", async () => {
  await using project = await Project.create(TREE);
  await install(project, "lib/app", "one", "0".repeat(40));
  const { stdout, code } = await project.orc(["components", "--json"]);
  assert.equal(code, 0);
  assert.equal(stdout.split("\n").length, 2);
  const all = JSON.parse(stdout);
  assert.deepEqual(all.map(({ name }: { name: string }) => name), [
    "a",
    "cmake",
    "lib/app",
    "zlib",
  ]);
  assert.deepEqual(Object.keys(all[2]), [
    "add_to_path",
    "build_from_source",
    "builds",
    "default_build",
    "head_branch_name",
    "head_commit",
    "installed",
    "installed_build_name",
    "license",
    "manually_installed",
    "name",
    "recursive_hash",
    "repository",
    "skip_post_install",
  ]);
  assert.deepEqual(all[2].builds.one, {
    build_dependencies: ["Any of {zlib@fast, zlib@slow}", "a@b"],
    default: true,
    dependencies: ["Any of {zlib@fast, zlib@slow}", "a@b", "app", "cmake@b"],
    installed: true,
    ndebug: true,
    qualified_name: "lib/app@one",
  });
  assert.deepEqual([all[0].installed, all[0].installed_build_name, all[0].license], [
    false,
    null,
    null,
  ]);
  assert.equal(all[0].recursive_hash, SMALL_HASH);
  assert.ok(!("head_commit" in all[0]));
});

Deno.test("components follows the branch of a local clone", async () => {
  await using project = await Project.create(TREE);
  const clone = project.path("sources/zlib");
  const git = async (...words: string[]) => {
    const { code, stdout, stderr } = await runProgram("git", [
      "-C",
      clone,
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.com",
      ...words,
    ]);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  await Deno.mkdir(clone, { recursive: true });
  await git("init", "-q", "-b", "feature/x");
  await git("commit", "-q", "--allow-empty", "-m", "x");
  const commit = await git("rev-parse", "HEAD");
  const { stdout } = await project.orc(["components", "--branch", "feature*", "--json"]);
  const [zlib, ...others] = JSON.parse(stdout);
  assert.deepEqual([zlib.name, zlib.head_branch_name, zlib.head_commit], [
    "zlib",
    "feature/x",
    commit,
  ]);
  assert.deepEqual(others, []);
  assert.equal((await project.orc(["components", "--branch", "f"])).stdout, "");
});

Deno.test("inspect shows the configuration, its schema, files, hash material and dependencies", async () => {
  await using project = await Project.create(TREE);
  await install(project, "lib/app", "one", "0".repeat(40));
  await install(project, "zlib", "slow", "0".repeat(40), false);
  const inspect = (...words: string[]) => project.orc(["inspect", ...words]);
  assert.match((await inspect("config")).stdout, /^components:\n {2}a:\n/);
  const uncached = await project.orc(["--no-config-cache", "inspect", "config", "--json"]);
  assert.deepEqual(Object.keys(JSON.parse(uncached.stdout)), ["components", "remote_base_urls"]);
  const schema = JSON.parse((await inspect("config", "--schema")).stdout);
  assert.deepEqual(schema.required, ["components"]);
  assert.deepEqual(await inspect("component", "installed-files", "lib/app"), {
    code: 0,
    stdout: "lib_app_file\nshare/orchestra/lib_app.idx\nshare/orchestra/lib_app.json\n",
    stderr: "",
  });
  assert.deepEqual(await inspect("component", "installed-files", "cmake"), {
    code: 2,
    stdout: "",
    stderr: "[+] ERROR - Component cmake is not installed\n",
  });
  const material = await inspect("component", "hash-material", "a");
  assert.match(material.stdout, /^- "add_to_path": \[\]\n[\s\S]*false\n\n$/);
  assert.deepEqual(await inspect("component", "hash-material", "a"), material);
  assert.equal((await inspect("component", "dependencies", "lib/app")).code, 1);
  const needed = await inspect("component", "dependencies", "--installed", "lib/app");
  assert.deepEqual([needed.code, needed.stdout], [0, "zlib\n"]);
  assert.match(needed.stderr, /WARNING - Component a is needed, and is not installed\n.*cmake/);
  const runtime = await inspect("component", "dependencies", "--installed", "--runtime", "lib/app");
  assert.ok(!runtime.stderr.includes("cmake"));
});

Deno.test("ls lists directories of sources and of archives that are there", async () => {
  await using project = await Project.create(`${TREE}binary_archives: [{one: u}, {two: u}]\n`);
  assert.equal((await project.orc(["ls"])).code, 1);
  assert.equal((await project.orc(["ls", "--git-sources", "--binary-archives"])).code, 1);
  assert.equal(
    (await project.orc(["ls", "--git-sources"])).stdout,
    `${project.path("sources/app")}\n${project.path("sources/zlib")}\n`,
  );
  assert.equal((await project.orc(["ls", "--binary-archives"])).stdout, "");
  await Deno.mkdir(project.path(".orchestra/binary_archives/two"), { recursive: true });
  assert.deepEqual(
    JSON.parse((await project.orc(["ls", "--binary-archives", "--json"])).stdout),
    [project.path(".orchestra/binary_archives/two")],
  );
});

Deno.test("environment prints what scripts get, also as JSON", async () => {
  await using project = await Project.create(`${TREE}environment: [{A: "1"}, {"-B": ""}]\n`);
  const { stdout } = await project.orc(["environment", "lib/app"]);
  assert.match(stdout, /^export ORCHESTRA_DOTDIR=.*\n/);
  assert.ok(stdout.endsWith('export RUN_TESTS="0"\n\n'));
  assert.ok(stdout.includes(`export SOURCE_DIR="${project.path("sources/lib_app")}"\n`));
  assert.ok(!stdout.includes("DESTDIR"));
  const list = JSON.parse((await project.orc(["environment", "--json"])).stdout);
  assert.deepEqual(list.slice(9, 11), [
    { kind: "set", name: "A", value: "1" },
    { kind: "unset", name: "B" },
  ]);
});

Deno.test("plan says what would happen and why, and touches nothing", async () => {
  await using project = await Project.create(
    components({ "app@b": ["lib"], "lib@b": [], "user@b": ["app"] }),
  );
  await install(project, "user", "b", "0".repeat(40));
  const { code, stdout } = await project.orc(["plan", "-b", "lib", "app"]);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `Install lib@b: 2 actions
   1. configure of lib@b
      because the install (build or binary archives) of lib@b needs it, and the build is not configured yet
   2. install (build or binary archives) of lib@b
      because it was asked for, and it is not installed
      after configure lib@b
      uninstall of user
      because it depends on lib
Install app@b: 2 actions
   1. configure of app@b
      because the install (build or binary archives) of app@b needs it, and the build is not configured yet
   2. install (build or binary archives) of app@b
      because it was asked for, and it is not installed
      after configure app@b
`,
  );
  const missing = await project.orc(["plan", "--json", "app"]);
  assert.equal(missing.code, 100);
  const [step] = JSON.parse(missing.stdout);
  assert.deepEqual(step.actions.map(({ id }: { id: string }) => id), [
    "install lib@b",
    "install app@b",
  ]);
  assert.match(
    step.problem,
    /^Binary archive linux-x86-64\/lib\/b\/none_[0-9a-f]{40}\.tar\.xz for lib@b not found\./,
  );
  assert.ok(missing.stderr.includes(step.problem));
  for (const path of ["build", ".orchestra/tmproot", "sources"]) {
    await assert.rejects(Deno.stat(project.path(path)), Deno.errors.NotFound);
  }
});

Deno.test("why tells what has changed since a component was installed, and who needs it", async () => {
  await using project = await Project.create(TREE);
  const why = async (...words: string[]) => {
    const { code, stdout, stderr } = await project.orc(["why", ...words]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.equal(
    await why("a"),
    "a is not installed\nDepending on it directly: lib/app\nNone of them is installed\n",
  );
  // Keeps the material of what is then said to be installed.
  await project.orc(["inspect", "component", "hash-material", "a"]);
  await install(project, "a", "b", SMALL_HASH, false);
  await install(project, "lib/app", "one", "0".repeat(40));
  assert.match(await why("a"), /^a@b is installed and came as a dependency; it is up to date\n/);
  await project.configure({ "components.yml": TREE.replace("a_file", "a_fill") });
  const text = await why("a");
  assert.match(text, /out of date and would be installed again\n/);
  assert.ok(text.includes(`  hash when it was installed: ${SMALL_HASH}\n`));
  assert.match(text, /\n {2}a@b: the install script has changed from line 1 on, 1 line by 1: /);
  assert.match(text, /\nInstalled, and built again when it changes: lib\/app\n$/);
  const app = JSON.parse(await why("lib/app", "--json"));
  assert.deepEqual([app.differences, app.all_dependants], [null, []]);
});

Deno.test("a reader that goes away, and two at once on a cold cache, do no harm", async () => {
  await using project = await Project.create(TREE);
  const all = await Promise.all(Array.from({ length: 3 }, () => project.orc(["components"])));
  for (const { code, stdout, stderr } of all) {
    assert.deepEqual([code, stdout, stderr], [0, all[0]!.stdout, ""]);
  }
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  const script = '"$1" run -q -A "$2" orc graph | head -n 1; echo ${PIPESTATUS[0]}';
  const { stdout, stderr } = await runProgram(
    "bash",
    ["-c", script, "bash", Deno.execPath(), main],
    {
      cwd: project.directory,
    },
  );
  assert.match(stdout, /^strict digraph {2}\{\n(?:0|141)\n$/);
  assert.equal(stderr, "");
});

Deno.test("a cache that cannot be written costs time, and nothing else", async () => {
  await using project = await Project.create(SMALL);
  await Deno.mkdir(project.path(".orchestra/cache/config_cache.json"), { recursive: true });
  const { code, stdout, stderr } = await project.orc(["components"]);
  assert.deepEqual([code, stdout], [0, "Component a \n  Build b [default]\n\n"]);
  assert.match(stderr, /^\[\+\] WARNING - Cannot write the cache of the configuration: .*\n$/);
});

Deno.test("shell runs a command with the environment, and ends with its exit code", async () => {
  await using project = await Project.create(SMALL);
  assert.deepEqual(await project.orc(["shell", "echo", "hi", "there"]), {
    code: 0,
    stdout: "hi there\n",
    stderr: "",
  });
  assert.equal((await project.orc(["shell", "bash", "-c", "exit 7"])).code, 7);
  const missing = await project.orc(["shell", "-c", "a", "pwd"]);
  assert.equal(missing.code, 100);
  assert.match(missing.stderr, /Build directory for component a@b does not exist/);
  await Deno.mkdir(project.path("build/a/b"), { recursive: true });
  const { stdout } = await project.orc(["shell", "-c", "a", "pwd"]);
  assert.equal(stdout, `${project.path("build/a/b")}\n`);
  const variable = await project.orc(["shell", "bash", "-c", 'echo "$ORCHESTRA_ROOT $RUN_TESTS"']);
  assert.equal(variable.stdout, `${project.path("root")} 0\n`);
});
