import assert from "node:assert/strict";
import { chainOf, renderError } from "../../lib/errors/mod.ts";
import {
  acquireFile,
  closeFile,
  copyFile,
  type FileOptions,
  preacquire,
  readBytes,
  readText,
  writeBytes,
  writeText,
} from "../../lib/files/mod.ts";
import { inTempDir, namesIn, runScript } from "./_support.ts";

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(() => assert.fail("it did not fail"), (error) => error);
}

Deno.test("writeText() empties or appends, in both forms of a path", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/example.log`;
    await writeText(path, "longer than what follows");
    await writeText([dir, "example.log"], "test");
    await writeText(path, " part 2", { append: true, create: false });
    assert.equal(await readText(path), "test part 2");
    assert.equal(await readText([dir, "example.log"]), "test part 2");
    assert.deepEqual(namesIn(dir), ["example.log"]);
  }));

Deno.test("append without create on a missing file fails and creates nothing", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/none.log`;
    for (const append of [true, false]) {
      const error = await failureOf(writeText(path, "x", { append, create: false }));
      assert.match(renderError(error), /could not acquire the file\n.*acquireFilePath/);
    }
    assert.deepEqual(namesIn(dir), []);
  }));

Deno.test("a missing directory is named together with the path, layer by layer", () =>
  inTempDir(async (dir) => {
    const error = await failureOf(writeText(`${dir}/nonexistent/x.log`, "x"));
    assert.ok(chainOf(error).length >= 3);
    const [write, acquire, pre, directory, system] = renderError(error).trim().split(/\n\s*/);
    assert.equal(write, `writeText(path: "${dir}/nonexistent/x.log")`);
    assert.equal(acquire, "acquireFile()");
    assert.equal(
      pre,
      `preacquire({ path: "${dir}/nonexistent/x.log", write: { create: true, append: false } }) ` +
        "could not acquire the directory",
    );
    assert.equal(directory, `acquireDirPath(path: "${dir}/nonexistent")`);
    assert.match(system ?? "", /os error/);
    assert.deepEqual(namesIn(dir), []);
  }));

Deno.test("parents creates the directories, and only when it is asked for", () =>
  inTempDir(async (dir) => {
    await writeText(`${dir}/a/b/c.txt`, "deep", { parents: true });
    assert.equal(await readText(`${dir}/a/b/c.txt`), "deep");
    await writeText(`${dir}/a/b/c.txt`, "er", { parents: true, append: true });
    assert.equal(await readText(`${dir}/a/b/c.txt`), "deeper");
    await writeText(`${dir}/file`, "");
    await assert.rejects(writeText(`${dir}/file/x`, "", { parents: true }), (error) => {
      return /Cannot create the directory/.test(renderError(error));
    });
    await assert.rejects(writeText(`${dir}/n/x`, "", { parents: true, create: false }));
    assert.deepEqual(namesIn(dir), ["a", "file"]);
  }));

Deno.test("a bare name means the current directory", () =>
  inTempDir(async (dir) => {
    const { code, stderr } = await runScript("bare_name.ts", [dir]);
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.deepEqual(namesIn(dir), ["copy.txt", "x.txt"]);
  }));

Deno.test("bytes that are not UTF-8 fail as text and work as bytes", () =>
  inTempDir(async (dir) => {
    const bytes = new Uint8Array(256).map((_, index) => index);
    await writeBytes([dir, "all"], bytes);
    assert.deepEqual(await readBytes([dir, "all"]), bytes);
    const error = await failureOf(readText([dir, "all"]));
    assert.match(renderError(error), /readText\(.*"all"\]\)\n\s*The content is not UTF-8/);
    await writeText([dir, "mark"], "\ufeffé");
    assert.equal(await readText([dir, "mark"]), "\ufeffé");
  }));

Deno.test("preacquire() says where the file is, and opens nothing", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/../${dir.split("/").at(-1)}/new.txt`;
    const expected = { directory: dir, fileName: "new.txt", path: `${dir}/new.txt` };
    assert.deepEqual(await preacquire({ path, write: {} }), expected);
    assert.deepEqual(namesIn(dir), []);
    const error = await failureOf(preacquire({ path }));
    assert.match(renderError(error), /new.txt", read }\) could not acquire the file/);
    await writeText(path, "");
    assert.deepEqual(await preacquire({ path }), expected);
    assert.deepEqual(await preacquire({ path, write: { create: false } }), expected);
  }));

Deno.test("acquireFile() takes options that were sent as JSON", () =>
  inTempDir(async (dir) => {
    const options: FileOptions = { path: [dir, "f"], write: { append: true } };
    const first = await acquireFile(JSON.parse(JSON.stringify(options)));
    const second = await acquireFile(options);
    await first.write(new TextEncoder().encode("one "));
    await second.write(new TextEncoder().encode("two "));
    await first.write(new TextEncoder().encode("three"));
    await closeFile(first);
    await closeFile(second);
    assert.equal(await readText([dir, "f"]), "one two three");
    using reading = await acquireFile({ path: [dir, "f"] });
    await assert.rejects(reading.write(new Uint8Array(1)));
  }));

Deno.test("what is no file is refused, for reading and for writing", () =>
  inTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/d`);
    for (const path of [`${dir}/d`, `${dir}/d/`, `${dir}/d/.`, `${dir}/d/..`]) {
      assert.match(renderError(await failureOf(readText(path))), /is not a file/);
      assert.match(renderError(await failureOf(writeText(path, ""))), /is not a file/);
    }
    await assert.rejects(acquireFile({ path: "" }), (error) => /empty/.test(renderError(error)));
    await assert.rejects(acquireFile({ path: [dir, ""] }));
    await assert.rejects(acquireFile({ path: [dir, "/etc/passwd"] }));
    assert.deepEqual(namesIn(`${dir}/d`), []);
  }));

Deno.test({
  name: "a pipe without a reader is refused, a device is not",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inTempDir(async (dir) => {
      const made = await new Deno.Command("mkfifo", { args: [`${dir}/pipe`] }).output();
      assert.equal(made.code, 0);
      assert.match(renderError(await failureOf(writeText(`${dir}/pipe`, ""))), /is not a file/);
      assert.match(renderError(await failureOf(readText(`${dir}/pipe`))), /is not a file/);
      await writeText("/dev/null", "gone");
      assert.match(renderError(await failureOf(writeText("/dev/full", "x"))), /No space left/);
    }),
});

Deno.test({
  name: "mode is given to a file that is created, and to no other",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inTempDir(async (dir) => {
      const modeOf = () => (Deno.statSync(`${dir}/f`).mode ?? 0) & 0o777;
      await writeText([dir, "f"], "", { mode: 0o600 });
      assert.equal(modeOf(), 0o600);
      await writeText([dir, "f"], "", { mode: 0o644 });
      assert.equal(modeOf(), 0o600);
    }),
});

Deno.test("copyFile() copies bytes, and not the permissions", () =>
  inTempDir(async (dir) => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const large = new Uint8Array(600_000).map((_, index) => bytes[index % 60_000]!);
    await writeBytes([dir, "a"], large);
    if (Deno.build.os !== "windows") await Deno.chmod(`${dir}/a`, 0o755);
    await writeBytes([dir, "b"], new Uint8Array(700_000));
    await copyFile([dir, "a"], [dir, "b"]);
    assert.deepEqual(await readBytes([dir, "b"]), large);
    if (Deno.build.os !== "windows") assert.equal(Deno.statSync(`${dir}/b`).mode! & 0o111, 0);
    await copyFile([dir, "a"], [dir, "n/c"], { parents: true });
    assert.equal((await readBytes([dir, "n/c"])).length, 600_000);
  }));

Deno.test("copyFile() onto itself or from nothing leaves the target as it was", () =>
  inTempDir(async (dir) => {
    await writeText([dir, "a"], "precious");
    await Deno.symlink("a", `${dir}/link`);
    await Deno.link(`${dir}/a`, `${dir}/hard`);
    for (const target of ["a", "link", "hard"]) {
      const error = await failureOf(copyFile([dir, "a"], [dir, target]));
      assert.match(renderError(error), /Cannot copy a file onto itself/);
    }
    await assert.rejects(copyFile([dir, "none"], [dir, "a"]));
    assert.equal(await readText([dir, "a"]), "precious");
  }));

Deno.test("an abort ends reading, writing and copying with its own reason", () =>
  inTempDir(async (dir) => {
    const reason = new Error("stop");
    const signal = AbortSignal.abort(reason);
    await writeText([dir, "a"], "kept");
    await assert.rejects(readText([dir, "a"], { signal }), reason);
    await assert.rejects(readBytes([dir, "a"], { signal }), reason);
    await assert.rejects(writeText([dir, "a"], "x", { signal }), reason);
    await assert.rejects(writeBytes([dir, "b"], new Uint8Array(1), { signal }), reason);
    await assert.rejects(copyFile([dir, "a"], [dir, "b"], { signal }), reason);
    assert.equal(await readText([dir, "a"]), "kept");
    assert.deepEqual(namesIn(dir), ["a"]);
    const controller = new AbortController();
    const writing = writeBytes([dir, "big"], new Uint8Array(64 << 20), {
      signal: controller.signal,
    });
    controller.abort(reason);
    await assert.rejects(writing, reason);
  }));
