import assert from "node:assert/strict";
import { renderError } from "../../lib/errors/mod.ts";
import {
  acquireDirPath,
  acquireFilePath,
  acquireFilePathWithoutCanonicalization,
  acquirePath,
} from "../../lib/files/mod.ts";
import { hasSeparator, isAbsolutePath, joinPath, splitPath } from "../../lib/files/_path.ts";
import { inTempDir } from "./_support.ts";

const withFile = (body: (dir: string) => Promise<void>) =>
  inTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/d`);
    await Deno.writeTextFile(`${dir}/d/f`, "");
    await body(dir);
  });

async function failureOf(work: Promise<unknown>): Promise<string> {
  return renderError(await work.then(() => assert.fail("it did not fail"), (error) => error));
}

Deno.test("acquirePath() resolves dots and trailing slashes of files and directories", () =>
  withFile(async (dir) => {
    assert.equal(await acquirePath(`${dir}/d/../d/f`), `${dir}/d/f`);
    assert.equal(await acquirePath(`${dir}/d/`), `${dir}/d`);
    assert.equal(await acquireFilePath(`${dir}/./d//f`), `${dir}/d/f`);
    assert.equal(await acquireDirPath(`${dir}/d/.`), `${dir}/d`);
  }));

Deno.test("acquirePath() of a relative path is absolute", async () => {
  assert.equal(await acquirePath("."), await Deno.realPath(Deno.cwd()));
});

Deno.test("acquireFilePath() and acquireDirPath() follow symbolic links", () =>
  withFile(async (dir) => {
    await Deno.symlink("d/f", `${dir}/to_file`);
    await Deno.symlink("d", `${dir}/to_dir`);
    assert.equal(await acquireFilePath(`${dir}/to_file`), `${dir}/d/f`);
    assert.equal(await acquireDirPath(`${dir}/to_dir`), `${dir}/d`);
    assert.match(await failureOf(acquireFilePath(`${dir}/to_dir`)), /is not a file/);
  }));

Deno.test("acquireFilePath() of a directory and acquireDirPath() of a file say what is not so", () =>
  withFile(async (dir) => {
    const file = await failureOf(acquireFilePath(`${dir}/d`));
    assert.equal(file.trim(), `acquireFilePath(path: "${dir}/d") -> is not a file`);
    const directory = await failureOf(acquireDirPath(`${dir}/d/f`));
    assert.equal(directory.trim(), `acquireDirPath(path: "${dir}/d/f") -> is not a directory`);
    const plain = await failureOf(acquireFilePathWithoutCanonicalization(`${dir}/d`));
    assert.match(plain, /acquireFilePathWithoutCanonicalization\(path: ".*\/d"\) -> is not a file/);
  }));

Deno.test("a missing path is reported with function, given path and the system's reason", () =>
  withFile(async (dir) => {
    const functions = [
      acquirePath,
      acquireFilePath,
      acquireDirPath,
      acquireFilePathWithoutCanonicalization,
    ];
    for (const acquire of functions) {
      for (const path of [`${dir}/no\nne`, `${dir}/d/f/x`, "", "a\0b"]) {
        const text = await failureOf(acquire(path));
        assert.ok(text.includes(`${acquire.name}(path: ${JSON.stringify(path)})`), text);
        assert.match(text, /os error|NUL byte/);
      }
    }
  }));

Deno.test("acquireFilePathWithoutCanonicalization() gives the path as it came", () =>
  withFile(async (dir) => {
    const path = `${dir}/d/../d/f`;
    assert.equal(await acquireFilePathWithoutCanonicalization(path), path);
  }));

Deno.test({
  name: "paths are split and joined without losing a root",
  ignore: Deno.build.os === "windows",
  fn() {
    const table: [string, string, string][] = [
      ["x.txt", ".", "x.txt"],
      ["./x.txt", ".", "x.txt"],
      ["/x.txt", "/", "x.txt"],
      ["a//b", "a", "b"],
      ["//a", "/", "a"],
      ["a/b/", "a/b", ""],
      ["../x", "..", "x"],
      ["a\\b", ".", "a\\b"],
    ];
    for (const [path, directory, name] of table) {
      assert.deepEqual(splitPath(path), { directory, name }, path);
    }
    assert.equal(joinPath("a", "b"), "a/b");
    assert.equal(joinPath("/", "b"), "/b");
    assert.equal(joinPath("", "b"), "b");
    assert.ok(isAbsolutePath("/a") && !isAbsolutePath("a/b") && !isAbsolutePath(""));
    assert.ok(hasSeparator("a/b") && !hasSeparator("ab"));
  },
});
