import assert from "node:assert/strict";
import {
  compileGlob,
  findFiles,
  gatherFacts,
  hashFiles,
  loadManifest,
  matchesGlob,
  planRun,
} from "../../lib/buildr/mod.ts";
import { inherited } from "../../lib/buildr/plan/_environment.ts";

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "superorch-buildr-" }));
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function git(directory: string, ...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("git", {
    args: [
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.org",
      "-c",
      "init.defaultBranch=main",
      ...args,
    ],
    cwd: directory,
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
    stdout: "null",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

async function write(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = `${directory}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
}

const MANIFEST = "version: 2\nstages: [a]\n" +
  "a: { script: x, when: { changes: ['src/**'] }, cache: { key: 'k-${hash:*.lock}', paths: [p] } }\n";

Deno.test("facts tell branch, tag, commit and what changed since the branch began", async () => {
  await withDirectory(async (directory) => {
    await git(directory, "init", "-q");
    await write(directory, {
      ".buildr.yml": MANIFEST,
      "src/a": "1",
      "a.lock": "1",
      ".gitignore": "out\n",
    });
    await git(directory, "add", ".");
    await git(directory, "commit", "-qm", "one");
    const manifest = await loadManifest({ path: directory });
    const first = await gatherFacts(manifest, { env: {} });
    assert.equal(first.branch, "main");
    assert.equal(first.tag, "");
    assert.match(first.commit!, /^[0-9a-f]{40}$/);
    // There is nothing before the first commit to compare with.
    assert.equal(first.changedFiles, undefined);
    await git(directory, "checkout", "-qb", "topic/x");
    await write(directory, { "docs/b": "1" });
    await git(directory, "add", ".");
    await git(directory, "commit", "-qm", "two");
    await git(directory, "tag", "v1");
    const second = await gatherFacts(manifest, { env: {} });
    assert.equal(second.branch, "topic/x");
    assert.equal(second.tag, "v1");
    assert.deepEqual(second.changedFiles, ["docs/b"]);
    assert.match(planRun(manifest, { facts: second }).nodes[0]!.skip!.message, /no changed file/);
    await write(directory, { "src/ä b": "untracked", "out/x": "ignored" });
    const third = await gatherFacts(manifest, { env: {} });
    assert.deepEqual(third.changedFiles!.toSorted(), ["docs/b", "src/ä b"]);
    assert.equal(planRun(manifest, { facts: third }).nodes[0]!.skip, undefined);
    await git(directory, "checkout", "-q", "--detach");
    assert.equal((await gatherFacts(manifest, { env: {} })).branch, "");
  });
});

Deno.test("what somebody says of branch and tag counts: a clone of one commit knows no tags", async () => {
  await withDirectory(async (directory) => {
    await git(directory, "init", "-q");
    await write(directory, {
      ".buildr.yml": `version: 2
stages: [release, main]
release: { only: [tags], environment: { V: "\${tag}" }, script: x }
main: { needs: [], when: { branch: [main] }, script: x }
`,
    });
    await git(directory, "add", ".");
    await git(directory, "commit", "-qm", "one");
    await git(directory, "checkout", "-q", "--detach");
    const manifest = await loadManifest({ path: directory });
    const nodesWith = async (variables: Readonly<Record<string, string>>) =>
      planRun(manifest, { facts: await gatherFacts(manifest, { env: {}, variables }) }).nodes;
    const [release, main] = await nodesWith({});
    assert.deepEqual([release!.skip?.code, main!.skip?.code], ["when", "when"]);
    const [tagged] = await nodesWith({ BUILDR_TAG: "v1" });
    assert.deepEqual([tagged!.skip, tagged!.env["V"]], [undefined, "v1"]);
    const [, onMain] = await nodesWith({ BUILDR_BRANCH: "main" });
    assert.equal(onMain!.skip, undefined);
  });
});

Deno.test("a project below the top of its repository counts its own files only", async () => {
  await withDirectory(async (directory) => {
    await git(directory, "init", "-q");
    await write(directory, { "app/.buildr.yml": MANIFEST, "x": "1" });
    await git(directory, "add", ".");
    await git(directory, "commit", "-qm", "one");
    await write(directory, { "app/src/new": "1", "src/other": "1" });
    await git(directory, "add", ".");
    await git(directory, "commit", "-qm", "two");
    const manifest = await loadManifest({ path: `${directory}/app` });
    assert.deepEqual((await gatherFacts(manifest, { env: {} })).changedFiles, ["src/new"]);
  });
});

Deno.test("without a repository there are no facts, and conditions on changes hold", async () => {
  await withDirectory(async (directory) => {
    await write(directory, { ".buildr.yml": MANIFEST });
    const manifest = await loadManifest({ path: directory });
    const facts = await gatherFacts(manifest, { env: {} });
    assert.deepEqual([facts.branch, facts.tag, facts.commit, facts.changedFiles], [
      "",
      "",
      "",
      undefined,
    ]);
    assert.equal(planRun(manifest, { facts }).nodes[0]!.skip, undefined);
  });
});

Deno.test("a hash depends on paths and contents of what matches, and on nothing else", async () => {
  await withDirectory(async (directory) => {
    await write(directory, { "a.lock": "1", "b/c.lock": "2", "b/d": "3", ".git/e.lock": "4" });
    const hash = () => hashFiles(directory, ["**/*.lock"]);
    const first = await hash();
    assert.match(first, /^[0-9a-f]{32}$/);
    await write(directory, { "b/d": "other", ".git/e.lock": "other" });
    assert.equal(await hash(), first);
    await write(directory, { "b/c.lock": "other" });
    const second = await hash();
    assert.notEqual(second, first);
    await Deno.rename(`${directory}/b/c.lock`, `${directory}/b/z.lock`);
    assert.notEqual(await hash(), second);
    assert.equal(await hashFiles(directory, ["none"]), await hashFiles(directory, ["nothing/**"]));
    await Deno.symlink(directory, `${directory}/b/circle`);
    assert.deepEqual(await findFiles(directory, ["**"]), ["a.lock", "b/d", "b/z.lock"]);
    assert.deepEqual(await findFiles(directory, ["b/*", "!**/*.lock"]), ["b/d"]);
    assert.deepEqual(await findFiles(directory, ["./b/"]), ["b/d", "b/z.lock"]);
  });
});

Deno.test("globs match as people expect", () => {
  const table: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["*.ts", ["a.ts", ".ts"], ["a/b.ts", "a.tsx"]],
    ["**/*.ts", ["a.ts", "a/b.ts", "a/b/c.ts"], ["a.js"]],
    ["src/**", ["src/a", "src/a/b"], ["src", "srcs/a", "a/src/b"]],
    ["a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["az", "a/bz"]],
    ["a**b", ["ab", "axxb"], ["a/b"]],
    ["?.[ch]", ["a.c", "b.h"], ["ab.c", "a.x", "/.c"]],
    ["[!a-c]", ["d"], ["a", "/"]],
    ["[]x]", ["]", "x"], ["a"]],
    ["{a,b{c,d}}/*", ["a/x", "bc/x", "bd/y"], ["b/x"]],
    ["x{,/**}", ["x", "x/a/b"], ["xa"]],
    ["./src/", ["src/a", "src/a/b"], ["src", "a"]],
    ["release/*", ["release/1"], ["release/1/2", "main"]],
    ["a\\*b", ["a*b"], ["axb"]],
    ["a.b+c(d)|^$", ["a.b+c(d)|^$"], ["aXb"]],
    ["a,b", ["a,b"], ["a"]],
    ["[z-a]", ["[z-a]"], ["z"]],
    ["{a", ["{a"], ["a"]],
    ["ä?", ["äö"], ["a"]],
  ];
  for (const [glob, yes, no] of table) {
    for (const path of yes) {
      assert.ok(compileGlob(glob)(path), `${glob} should match ${path}`);
    }
    for (const path of no) {
      assert.ok(!compileGlob(glob)(path), `${glob} must not match ${path}`);
    }
  }
  assert.ok(matchesGlob("a/b", ["**", "!a/c"]));
  assert.ok(!matchesGlob("a/c", ["**", "!a/c"]));
  assert.ok(matchesGlob("a/c", ["!a/c", "a/*"]));
});

Deno.test("a glob of many stars does not take for ever", () => {
  const start = performance.now();
  compileGlob(`${"*a".repeat(12)}`)("a".repeat(200));
  compileGlob(`${"**/".repeat(8)}x`)(`${"a/".repeat(40)}y`);
  assert.ok(performance.now() - start < 20_000);
});

Deno.test("what is inherited leaves out the machine's own, and keys to secrets always", () => {
  const env = {
    CI: "1",
    GIT_A: "2",
    PATH: "/bin",
    HOME: "/root",
    BUILDR_AGE_KEY: "AGE-SECRET-KEY-1",
    TMPDIR: "/t",
  };
  const names = (inherit: boolean | readonly string[]) =>
    inherited(inherit, env).map(([name]) => name);
  assert.deepEqual(names(false), []);
  assert.deepEqual(names(true), ["CI", "GIT_A"]);
  assert.deepEqual(names(["GIT_*", "PATH", "BUILDR_*"]), ["GIT_A", "PATH"]);
  assert.deepEqual(names(["*"]), ["CI", "GIT_A"]);
});
