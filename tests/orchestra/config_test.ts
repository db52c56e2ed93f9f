import assert from "node:assert/strict";
import {
  ConfigurationError,
  createUserOptions,
  loadConfiguration,
  NoRemotesError,
  OrchestraError,
} from "../../lib/orchestra/mod.ts";
import { compareVersions } from "../../lib/orchestra/config/version.ts";
import { resolvePaths } from "../../lib/orchestra/config/paths.ts";
import { runProgram } from "../support/cli.ts";
import { Project, SMALL } from "./_support.ts";

async function messageOf(text: string): Promise<string> {
  await using project = await Project.create(text);
  const error = await project.load().then(() => undefined, (thrown) => thrown);
  assert.ok(error instanceof OrchestraError, `${error}`);
  return error.message;
}

Deno.test("loadConfiguration() gives components, builds and defaults", async () => {
  await using project = await Project.create(`components:
  lib/app:
    repository: app
    add_to_path: [$ORCHESTRA_ROOT/x]
    builds:
      two: {configure: c2, install: i2}
      one:
        configure: c1
        install: i1
        dependencies: [zlib, zlib~fast, zlib@slow]
        build_dependencies: [zlib]
        ndebug: false
  zlib:
    default_build: slow
    builds:
      fast: {configure: c, install: i}
      slow: {configure: c, install: i}
remote_base_urls: [{origin: "https://a.example"}, {backup: "https://b.example"}]
branches: [develop, master]
`);
  const configuration = await project.load();
  const app = configuration.components.get("lib/app")!;
  assert.equal(app.defaultBuild, "one");
  assert.deepEqual([...app.builds.keys()], ["two", "one"]);
  const one = app.builds.get("one")!;
  assert.deepEqual([one.ndebug, one.asan, app.builds.get("two")!.ndebug], [false, false, true]);
  assert.deepEqual(one.dependencies, [
    { component: "zlib", exact: false, text: "zlib" },
    { component: "zlib", build: "fast", exact: false, text: "zlib~fast" },
    { component: "zlib", build: "slow", exact: true, text: "zlib@slow" },
  ]);
  assert.equal(configuration.components.get("zlib")!.defaultBuild, "slow");
  assert.deepEqual(configuration.remoteBaseUrls, [
    { name: "origin", url: "https://a.example" },
    { name: "backup", url: "https://b.example" },
  ]);
  assert.deepEqual(configuration.branches, ["develop", "master"]);
  assert.equal(configuration.paths.orchestraRoot, project.path("root"));
});

Deno.test("mistakes have the texts of the original, their path and the line of the template", async () => {
  assert.equal(
    await messageOf("components:\n  a:\n    builds:\n      b:\n        configure: x\n"),
    "Invalid configuration. Got the following error at path $.components.a.builds.b:\n" +
      "'install' is a required property\n    in config/components.yml:4",
  );
  assert.equal(
    await messageOf(
      "components:\n  a:\n    builds:\n      b:\n        configure: 1\n        install: y\n",
    ),
    "Invalid configuration. Got the following error at path $.components.a.builds.b.configure:\n" +
      "1 is not of type 'string'\n    in config/components.yml:5\n" +
      "Invalid configuration. Got the following error at path $.components.a.builds.b.install:\n" +
      "True is not of type 'string'\n    in config/components.yml:6",
  );
  assert.equal(
    await messageOf(`${SMALL}foo: 1\n`),
    "Invalid configuration. Got the following error at path $:\n" +
      "Additional properties are not allowed ('foo' was unexpected)\n    in config/components.yml:7",
  );
  assert.match(
    await messageOf(`${SMALL}add_to_path: a\n`),
    /at path \$\.add_to_path:\n'a' is not of type 'array'/,
  );
  assert.match(
    await messageOf(`${SMALL}environment: [{A: "1"}, {B: [x, {k: null}]}]\n`),
    /at path \$\.environment\[1\]\.B:\n\['x', \{'k': None\}\] is not of type 'string'/,
  );
  assert.match(await messageOf("a\n"), /at path \$:\n'a' is not of type 'object'/);
});

Deno.test("mistakes of meaning are all told at once", async () => {
  const message = await messageOf(`components:
  a:
    default_build: z
    check_branch: ["x\\ny"]
    builds:
      b: {configure: c, install: i, dependencies: ["no way", zlob, "zlib@fats"]}
  zlib:
    builds:
      fast: {configure: c, install: i}
  empty: {builds: {}}
  ..: {builds: {b: {configure: c, install: i}}}
environment: [{"-BAZ": x}]
`);
  for (
    const part of [
      'Invalid default build "z" for component a\n    in config/components.yml:3',
      "Newlines are not allowed in check-branch commands\n    in config/components.yml:4",
      "Invalid dependency specified: no way\n    in config/components.yml:6",
      'a@b depends on zlob, but there is no component "zlob", did you mean "zlib"?',
      'a@b depends on zlib@fats, but component "zlib" has no build "fats", did you mean "fast"?',
      "Component empty must have at least one build, and has none",
      'The name of a component must be usable as a path, and is ".."',
      "Requested environment variable BAZ to be unset but its value is not empty",
    ]
  ) assert.ok(message.includes(part), `${part}\nis not in\n${message}`);
});

Deno.test("a configuration for a newer version is refused before it is looked at", async () => {
  assert.equal(
    await messageOf('min_orchestra_version: "99.0"\nfoo: 1\n'),
    "This configuration requires orchestra version >= 99.0, you have 3.2.0",
  );
  assert.match(
    await messageOf(`${SMALL}min_orchestra_version: 3.2\n`),
    /3.2 is not of type 'string'/,
  );
  await using project = await Project.create(`${SMALL}min_orchestra_version: "3.2"\n`);
  await project.load();
});

Deno.test("compareVersions() compares numbers, and puts pre-releases before releases", () => {
  const older: readonly [string, string][] = [
    ["3.2", "3.2.1"],
    ["3.9", "3.10"],
    ["3.2.0rc1", "3.2.0"],
    ["3.2.0.dev3", "3.2.0a1"],
    ["3.2.0", "3.2.0.post1"],
  ];
  for (const [a, b] of older) {
    assert.ok(compareVersions(a, b)! < 0, `${a} < ${b}`);
    assert.ok(compareVersions(b, a)! > 0, `${b} > ${a}`);
  }
  assert.equal(compareVersions("3.2", "3.2.0"), 0);
  assert.equal(compareVersions("3.2", "latest"), undefined);
});

Deno.test("templates that fail, or give no single document, are told with the engine's words", async () => {
  assert.match(
    await messageOf("#@ load('@ytt:data', 'data')\ncomponents: #@ data.values.nope\n"),
    /^ytt error \(ytt --dangerous-allow-all-symlink-destinations -f .*\/config\)\nytt: Error: [\s\S]*components\.yml:2/,
  );
  assert.match(
    await messageOf(`${SMALL}---\n${SMALL}`),
    /exactly one document, and give 2 documents/,
  );
  assert.match(await messageOf("#! nothing\n"), /and give no document/);
});

Deno.test("who has made a mistake in the user options is told how they are written", async () => {
  await using project = await Project.create({
    "components.yml": SMALL,
    "global-options.yml": "#@data/values\n---\nbuild_from_source: []\n",
    "user_options.yml": "#@data/values\n---\nbuild_from_sauce:\n- a\n",
  });
  const error = await project.load().then(() => undefined, (thrown) => thrown);
  assert.match(error.message, /user_options\.yml:3/);
  assert.match(error.message, /\nconfig\/user_options\.yml is your own file, of data values/);
});

Deno.test("mistakes in an overlay are located in the overlay", async () => {
  await using project = await Project.create({
    "components.yml": SMALL,
    "zzz.yml": `#@ load("@ytt:overlay", "overlay")
#@overlay/match by=overlay.all
---
components:
  #@overlay/match missing_ok=True
  c:
    builds: {}
    typo: 1
`,
  });
  const error = await project.load().then(() => undefined, (thrown) => thrown);
  assert.ok(error instanceof ConfigurationError);
  assert.deepEqual(error.mistakes.map(({ line }) => line), [{ file: "zzz.yml", line: 8 }]);
});

Deno.test("a cache is used as long as no file changes, links included, and survives damage", async () => {
  await using project = await Project.create(SMALL);
  const dotdir = project.path(".orchestra");
  const outside = project.path("outside.yml");
  await Deno.writeTextFile(outside, "add_to_path: [one]\n");
  await project.configure({
    "components.yml": `#@ load("extra.lib.yml", "extra")
#@ load("@ytt:template", "template")
_: #@ template.replace(extra())
${SMALL}`,
  });
  await Deno.writeTextFile(outside, "#@ def extra():\nadd_to_path: [one]\n#@ end\n");
  await Deno.symlink(outside, `${dotdir}/config/extra.lib.yml`);
  const load = () => loadConfiguration({ dotdir });
  assert.deepEqual((await load()).addToPath, ["one"]);
  const cache = `${dotdir}/cache/config_cache.json`;
  const kept = JSON.parse(await Deno.readTextFile(cache));
  assert.deepEqual(Object.keys(kept), ["config_hash", "config"]);
  kept.config.add_to_path = ["from the cache"];
  await Deno.writeTextFile(cache, JSON.stringify(kept));
  assert.deepEqual((await load()).addToPath, ["from the cache"]);
  assert.deepEqual((await loadConfiguration({ dotdir, useCache: false })).addToPath, ["one"]);
  await Deno.writeTextFile(outside, "#@ def extra():\nadd_to_path: [two]\n#@ end\n");
  assert.deepEqual((await load()).addToPath, ["two"]);
  await Deno.writeTextFile(cache, "{");
  assert.deepEqual((await load()).addToPath, ["two"]);
});

Deno.test("the hash of a configuration is that of sha1sum's listing", async () => {
  await using project = await Project.create(SMALL);
  await project.configure({ "sub/b c.yml": "", "sub/a.lib.yml": "#! x\n", "Z.txt": "z" });
  const { hash } = await project.load();
  const script = 'find "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha1sum | sha1sum';
  const { stdout } = await runProgram("sh", [
    "-c",
    script,
    "sh",
    project.path(".orchestra/config"),
  ]);
  assert.equal(hash, stdout.split(" ")[0]);
});

Deno.test("an installed ytt is used when one is named, and its failure is told", async () => {
  await using project = await Project.create(SMALL);
  const program = project.path("my ytt");
  await Deno.writeTextFile(
    program,
    `#!/bin/sh\nprintf '%s\\n' "$@" > ${project.path("args")}\ncat ${
      project.path(".orchestra/config")
    }/components.yml\n`,
  );
  await Deno.chmod(program, 0o755);
  const dotdir = project.path(".orchestra");
  const { components } = await loadConfiguration({ dotdir, ytt: program });
  assert.deepEqual([...components.keys()], ["a"]);
  assert.equal(
    await Deno.readTextFile(project.path("args")),
    `--dangerous-allow-all-symlink-destinations\n-f\n${dotdir}/config\n`,
  );
  await Deno.writeTextFile(program, "#!/bin/sh\necho out; echo wrong >&2; exit 1\n");
  await assert.rejects(loadConfiguration({ dotdir, ytt: program, useCache: false }), (error) => {
    assert.match((error as Error).message, /^ytt error \(.*my ytt .*\)\nout\nwrong$/);
    return true;
  });
});

Deno.test("paths expand variables, builtins before the environment, and a leading ~", async () => {
  await using project = await Project.create(SMALL);
  const dotdir = project.path(".orchestra");
  const env = (name: string) => ({ HOME: "/home/me", X: "x/$Y", Y: "y" })[name];
  const resolve = (paths: Record<string, string>) => resolvePaths({ dotdir, paths, env });
  const paths = resolve({
    orchestra_root: "~/root",
    sources_dir: "rel/dir",
    builds_dir: "${ORCHESTRA_ROOT}/../b",
    tmproot: "/t/$X",
  });
  assert.equal(paths.orchestraRoot, "/home/me/root");
  assert.equal(paths.sourcesDir, `${dotdir}/rel/dir`);
  assert.equal(paths.buildsDir, "/home/me/b");
  assert.equal(paths.tmpRoots, "/t/x/y");
  assert.equal(paths.binaryArchives, `${dotdir}/binary_archives`);
  assert.throws(
    () => resolve({ sources_dir: "${NOPE}" }),
    /^OrchestraError.*Cannot expand paths\.sources_dir: the variable "NOPE" is not set|.*/,
  );
  assert.throws(() => resolve({ sources_dir: "${NOPE}" }), (error) =>
    (error as Error).message ===
      'Cannot expand paths.sources_dir: the variable "NOPE" is not set');
  assert.throws(
    () => resolve({ sources_dir: "$BUILDS_DIR", builds_dir: "$SOURCES_DIR" }),
    (error) =>
      (error as Error).message.endsWith(
        "it leads back to itself: SOURCES_DIR -> BUILDS_DIR -> SOURCES_DIR",
      ),
  );
  assert.throws(() => resolve({ tmproot: "$TMP_ROOTS/x" }), /leads back to itself/);
});

Deno.test("binary archives are where the original has put them if they are only there", async () => {
  await using project = await Project.create(SMALL);
  const dotdir = project.path(".orchestra");
  const directory = () => resolvePaths({ dotdir, paths: {}, env: () => undefined }).binaryArchives;
  assert.equal(directory(), `${dotdir}/binary_archives`);
  await Deno.mkdir(`${dotdir}/binary-archives`);
  assert.equal(directory(), `${dotdir}/binary-archives`);
  await Deno.mkdir(`${dotdir}/binary_archives`);
  assert.equal(directory(), `${dotdir}/binary_archives`);
});

Deno.test("the first run writes user options from the remotes, following a redirect", async () => {
  await using project = await Project.create(SMALL);
  const dotdir = project.path(".orchestra");
  const options = `${dotdir}/config/user_options.yml`;
  await Deno.remove(options);
  const git = async (directory: string, ...words: string[]) => {
    const { code, stderr } = await runProgram("git", [
      "-C",
      directory,
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.com",
      ...words,
    ]);
    assert.equal(code, 0, stderr);
  };
  await assert.rejects(createUserOptions({ dotdir }), (error) => {
    assert.ok(error instanceof NoRemotesError);
    assert.match(
      error.message,
      /^Could not get default remotes, manually configure \.orchestra\/config\/user_options\.yml\n/,
    );
    return true;
  });
  await git(project.directory, "init", "-q");
  const archives = project.path("remotes/binary-archives");
  await Deno.mkdir(archives, { recursive: true });
  await git(archives, "init", "-q");
  await Deno.writeTextFile(`${archives}/REDIRECT`, `${project.path("elsewhere")}\n`);
  await git(archives, "add", "REDIRECT");
  await git(archives, "commit", "-qm", "x");
  await git(project.directory, "remote", "add", "origin", project.path("remotes/orchestra"));
  const log: string[] = [];
  await createUserOptions({ dotdir, log: (_, message) => log.push(message) });
  assert.equal(log[0], "This is the first time you run orchestra, welcome!");
  assert.ok(log.includes(`Redirecting to ${project.path("elsewhere")}`));
  const text = await Deno.readTextFile(options);
  assert.ok(text.includes(`remote_base_urls:\n  - origin: "${project.path("remotes")}"\n`), text);
  assert.ok(text.includes(`binary_archives:\n  - origin: "${project.path("elsewhere")}"\n`), text);
  await project.configure({
    "components.yml": `#@ load("@ytt:data", "data")
---
${SMALL}remote_base_urls: #@ data.values.remote_base_urls
binary_archives: #@ data.values.binary_archives
`,
  });
  // Data values of our own, which the options are laid over.
  await project.configure({ "values.yml": "#@data/values\n---\n{}\n" });
  const { remoteBaseUrls, binaryArchives } = await project.load();
  assert.deepEqual(remoteBaseUrls, [{ name: "origin", url: project.path("remotes") }]);
  assert.deepEqual(binaryArchives, [{ name: "origin", url: project.path("elsewhere") }]);
  assert.equal(await createUserOptions({ dotdir }), false);
});

Deno.test("paths that cannot be expanded are all told, each in one line with its place", async () => {
  const message = await messageOf(`components: {a: {builds: {b: {configure: c, install: i}}}}
paths:
  orchestra_root: "\${NOPE}/x"
  builds_dir: $BUILDS_DIR/x
  tmproot: $ORCHESTRA_ROOT/tmp
  sources_dir: $OTHER/x
`);
  assert.equal(
    message.replace(/^.*?Cannot/s, "Cannot"),
    `Cannot expand paths.orchestra_root: the variable "NOPE" is not set (config/components.yml:3)
Cannot expand paths.sources_dir: the variable "OTHER" is not set (config/components.yml:6)
Cannot expand paths.builds_dir: it leads back to itself: BUILDS_DIR -> BUILDS_DIR (config/components.yml:4)`,
  );
});

Deno.test("the first run does not print a password of a remote", async () => {
  await using project = await Project.create(SMALL);
  const dotdir = project.path(".orchestra");
  await Deno.remove(`${dotdir}/config/user_options.yml`);
  const url = "http://me:hidden@127.0.0.1:9/group";
  await runProgram("git", ["init", "-q", project.directory]);
  await runProgram("git", ["-C", project.directory, "remote", "add", "origin", `${url}/conf.git`]);
  const log: string[] = [];
  await createUserOptions({ dotdir, log: (_, message) => log.push(message) });
  assert.ok(log.includes("Checking for redirects in http://127.0.0.1:9/group/binary-archives"));
  assert.doesNotMatch(log.join("\n"), /hidden/);
  const text = await Deno.readTextFile(`${dotdir}/config/user_options.yml`);
  assert.ok(text.includes(`remote_base_urls:\n  - origin: "${url}"\n`), text);
});
