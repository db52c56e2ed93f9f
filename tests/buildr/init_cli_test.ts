import assert from "node:assert/strict";
import { buildr } from "./_cli.ts";

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "superorch-buildr-" }));
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("init writes a manifest that validates, and never over another one", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/go.mod`, "module x\n\ngo 1.22\n");
    const first = await buildr("init", "--path", directory);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /Wrote \.buildr\.yml for a Go project/);
    assert.equal((await buildr("validate", "--path", directory, "--strict")).code, 0);
    await Deno.writeTextFile(`${directory}/.buildr.yml`, "mine");
    const second = await buildr("init", "--path", directory);
    assert.equal(second.code, 2);
    assert.match(second.stderr, /there is "\.buildr\.yml" already/);
    assert.equal(await Deno.readTextFile(`${directory}/.buildr.yml`), "mine");
    const printed = await buildr("init", "--path", directory, "--print");
    assert.match(printed.stdout, /^image: golang:1\.22$/m);
  });
});

Deno.test("init and import write over no manifest of another name, nor over a broken link", async () => {
  await withDirectory(async (directory) => {
    await Deno.symlink(`${directory}/nowhere`, `${directory}/.buildr.yaml`);
    await Deno.writeTextFile(`${directory}/.travis.yml`, "language: go\n");
    for (const command of ["init", "import"]) {
      const { code, stderr } = await buildr(command, "--path", directory);
      assert.equal(code, 2);
      assert.match(stderr, /there is "\.buildr\.yaml" already/);
    }
  });
});

Deno.test("import writes the manifest and tells what it left out, each with its line", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(
      `${directory}/.gitlab-ci.yml`,
      "test:\n  script: make test\n  secrets: {A: 1}\n",
    );
    const { code, stderr } = await buildr("import", "--path", directory);
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /\.gitlab-ci\.yml:3:3: warning\[not-mapped\]: "secrets" of "test" is left out/,
    );
    assert.match(stderr, /Wrote \.buildr\.yml, with 1 note/);
    assert.equal((await buildr("validate", "--path", directory)).code, 0);
    const json = await buildr(
      "import",
      `${directory}/.gitlab-ci.yml`,
      "--path",
      directory,
      "--json",
    );
    const { manifest, notes } = JSON.parse(json.stdout);
    assert.equal(manifest, await Deno.readTextFile(`${directory}/.buildr.yml`));
    assert.deepEqual(notes.map((note: { line: number }) => note.line), [3]);
    const odd = await buildr("import", `${directory}/.buildr.yml`, "--path", directory, "--print");
    assert.equal(odd.code, 2);
    assert.match(odd.stderr, /its name does not say whose it is/);
  });
});

Deno.test("init and import of a directory that is not there end with 2", async () => {
  await withDirectory(async (directory) => {
    for (const command of ["init", "import"]) {
      const { code, stderr } = await buildr(command, "--path", `${directory}/gone`);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^Error: Cannot/);
    }
  });
});
