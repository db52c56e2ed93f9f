import assert from "node:assert/strict";
import { renderError } from "../../lib/errors/mod.ts";
import { removeFilesInDir } from "../../lib/files/mod.ts";
import { inTempDir, namesIn } from "./_support.ts";

const FILES = ["binary", "ex0.log", "ex1.log", "ex2.tar.gz", "tar.gz", "ex3.tar.gz.other"];

const withFiles = (names: readonly string[], body: (dir: string) => Promise<void>) =>
  inTempDir(async (dir) => {
    for (const name of names) await Deno.writeTextFile(`${dir}/${name}`, "");
    await body(dir);
  });

Deno.test("removeFilesInDir() removes whole extensions and whole names", () =>
  withFiles(FILES, async (dir) => {
    assert.deepEqual(await removeFilesInDir(dir, ["r.gz", ".r.gz"]), []);
    assert.deepEqual(namesIn(dir), FILES.toSorted());
    const first = await removeFilesInDir(dir, ["binary", ".log"]);
    assert.deepEqual(first, ["binary", "ex0.log", "ex1.log"]);
    assert.deepEqual(await removeFilesInDir(dir, [".tar.gz"]), ["ex2.tar.gz"]);
    assert.deepEqual(await removeFilesInDir(dir, ["tar.gz"]), ["tar.gz"]);
    await Deno.writeTextFile(`${dir}/tar.gz`, "");
    const rest = await removeFilesInDir(dir, [".gz", ".other"]);
    assert.deepEqual(rest, ["ex3.tar.gz.other", "tar.gz"]);
    assert.deepEqual(namesIn(dir), []);
  }));

Deno.test("removeFilesInDir() refuses a wrong element before it removes anything", () =>
  withFiles(FILES, async (dir) => {
    for (const element of ["", ".", "..", "a/b", "./binary", "binary/", "/"]) {
      const work = removeFilesInDir(dir, ["binary", element]);
      await assert.rejects(work, (error) => /as an ending/.test(renderError(error)), element);
    }
    const missing = removeFilesInDir(`${dir}/none`, [".log"]);
    await assert.rejects(missing, (error) => /acquireDirPath/.test(renderError(error)));
    await assert.rejects(removeFilesInDir(`${dir}/binary`, [".log"]));
    assert.deepEqual(namesIn(dir), FILES.toSorted());
  }));

Deno.test("removeFilesInDir() leaves directories, links and dotfiles alone", () =>
  withFiles(["a.log", ".gitignore", ".log", ".hidden.log"], async (dir) => {
    await Deno.mkdir(`${dir}/x.log`);
    await Deno.writeTextFile(`${dir}/x.log/in.log`, "");
    await Deno.symlink("a.log", `${dir}/y.log`);
    const removed = await removeFilesInDir(dir, [".log", ".gitignore"]);
    assert.deepEqual(removed, [".hidden.log", "a.log"]);
    assert.deepEqual(namesIn(dir), [".gitignore", ".log", "x.log", "y.log"]);
    assert.deepEqual(namesIn(`${dir}/x.log`), ["in.log"]);
  }));

Deno.test("removeFilesInDir() with nothing to match removes nothing", () =>
  withFiles(FILES, async (dir) => {
    assert.deepEqual(await removeFilesInDir(dir, []), []);
    const reason = new Error("stop");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(removeFilesInDir(dir, [".log"], { signal }), reason);
    assert.deepEqual(namesIn(dir), FILES.toSorted());
  }));
