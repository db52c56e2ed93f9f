import assert from "node:assert/strict";
import { renderError } from "../../lib/errors/mod.ts";
import { writeAtomic } from "../../lib/files/mod.ts";
import { inTempDir, namesIn, startScript } from "./_support.ts";

const unixOnly = { ignore: Deno.build.os === "windows" };
const modeOf = (path: string) => Deno.statSync(path).mode! & 0o7777;

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(() => assert.fail("it did not fail"), (error) => error);
}

Deno.test("writeAtomic() creates and replaces, and leaves nothing else", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/f`;
    await writeAtomic(path, "one");
    const before = await Deno.stat(path);
    await writeAtomic(path, new Uint8Array([0xff, 0]));
    assert.deepEqual(await Deno.readFile(path), new Uint8Array([0xff, 0]));
    if (Deno.build.os !== "windows") assert.notEqual((await Deno.stat(path)).ino, before.ino);
    await writeAtomic(path, new Blob(["from ", "a stream"]).stream());
    assert.equal(await Deno.readTextFile(path), "from a stream");
    await writeAtomic(path, "");
    assert.equal(await Deno.readTextFile(path), "");
    await writeAtomic(`${dir}/${"é".repeat(127)}`, "a name of 254 bytes");
    await writeAtomic(`${dir}/a/b/c`, "deep", { parents: true });
    assert.deepEqual(namesIn(dir), ["a", "f", "é".repeat(127)]);
  }));

Deno.test(
  "writeAtomic() keeps the mode, or sets the one that is asked for",
  unixOnly,
  () =>
    inTempDir(async (dir) => {
      const path = `${dir}/f`;
      await Deno.writeTextFile(path, "");
      for (const mode of [0o640, 0o755, 0o444, 0o777]) {
        await Deno.chmod(path, mode);
        await writeAtomic(path, "x");
        assert.equal(modeOf(path), mode);
      }
      await writeAtomic(path, "x", { mode: 0o600 });
      assert.equal(modeOf(path), 0o600);
      await writeAtomic(`${dir}/new`, "x", { mode: 0o666 });
      assert.equal(modeOf(`${dir}/new`), 0o666, "an explicit mode is not cut by the umask");
      const plain = await Deno.create(`${dir}/plain`);
      plain.close();
      await writeAtomic(`${dir}/default`, "x");
      assert.equal(modeOf(`${dir}/default`), modeOf(`${dir}/plain`));
    }),
);

Deno.test(
  "writeAtomic() writes through symbolic links and keeps them",
  unixOnly,
  () =>
    inTempDir(async (dir) => {
      await Deno.mkdir(`${dir}/real`);
      await Deno.writeTextFile(`${dir}/real/f`, "old");
      await Deno.symlink("real/f", `${dir}/link`);
      await Deno.symlink(`${dir}/link`, `${dir}/link2`);
      await writeAtomic(`${dir}/link2`, "new");
      assert.equal(await Deno.readTextFile(`${dir}/real/f`), "new");
      assert.ok((await Deno.lstat(`${dir}/link`)).isSymlink);
      await Deno.symlink("real/later", `${dir}/dangling`);
      await writeAtomic(`${dir}/dangling`, "made");
      assert.equal(await Deno.readTextFile(`${dir}/real/later`), "made");
      await Deno.symlink("loop", `${dir}/loop`);
      const error = await failureOf(writeAtomic(`${dir}/loop`, "x"));
      assert.match(renderError(error), /More than 40 symbolic links|Too many levels/);
      assert.deepEqual(namesIn(`${dir}/real`), ["f", "later"]);
    }),
);

Deno.test("writeAtomic() of root keeps the owner", {
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
}, () =>
  inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/f`, "old");
    await Deno.chown(`${dir}/f`, 65534, 65534);
    await Deno.chmod(`${dir}/f`, 0o640);
    await writeAtomic(`${dir}/f`, "new");
    const { uid, gid } = await Deno.stat(`${dir}/f`);
    assert.deepEqual([uid, gid, modeOf(`${dir}/f`)], [65534, 65534, 0o640]);
  }));

Deno.test(
  "writeAtomic() refuses what is no regular file",
  unixOnly,
  () =>
    inTempDir(async (dir) => {
      await Deno.mkdir(`${dir}/d`);
      assert.match(renderError(await failureOf(writeAtomic(`${dir}/d`, "x"))), /is a directory/);
      assert.match(renderError(await failureOf(writeAtomic(`${dir}/d/`, "x"))), /is a directory/);
      const device = await failureOf(writeAtomic("/dev/null", "x"));
      assert.match(renderError(device), /writeAtomic\(path: "\/dev\/null"\)\n.*not a regular file/);
      assert.match(renderError(await failureOf(writeAtomic(`${dir}/n/f`, "x"))), /No such file/);
      assert.match(renderError(await failureOf(writeAtomic("", "x"))), /writeAtomic\(path: ""\)/);
      assert.deepEqual(namesIn(dir), ["d"]);
      assert.deepEqual(namesIn(`${dir}/d`), []);
    }),
);

Deno.test("writeAtomic() that is aborted leaves the old file and nothing else", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/f`;
    await Deno.writeTextFile(path, "old");
    const reason = new Error("stop");
    const before = writeAtomic(path, "new", { signal: AbortSignal.abort(reason) });
    await assert.rejects(before, reason);

    const controller = new AbortController();
    let cancelled: unknown;
    const stream = new ReadableStream<Uint8Array>({
      start: (sink) => sink.enqueue(new Uint8Array(1000)),
      pull: () => {
        controller.abort(reason); // the first chunk is on its way, a second never comes
        return new Promise(() => {});
      },
      cancel: (why) => void (cancelled = why),
    }, { highWaterMark: 1 });
    await assert.rejects(writeAtomic(path, stream, { signal: controller.signal }), reason);
    assert.equal(cancelled, reason);
    assert.equal(await Deno.readTextFile(path), "old");
    assert.deepEqual(namesIn(dir), ["f"]);
  }));

Deno.test("writeAtomic() of a stream that fails leaves the old file and nothing else", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/f`;
    await Deno.writeTextFile(path, "old");
    const stream = new ReadableStream<Uint8Array>({
      start: (sink) => sink.enqueue(new Uint8Array(1000)),
      pull: (sink) => sink.error(new Error("download broke")),
    }, { highWaterMark: 0 });
    assert.match(renderError(await failureOf(writeAtomic(path, stream))), /download broke$/);
    assert.equal(await Deno.readTextFile(path), "old");
    assert.deepEqual(namesIn(dir), ["f"]);
  }));

Deno.test("writeAtomic(): readers see one whole content, never a part", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/f`;
    const contents = ["a", "b"].map((letter) => letter.repeat(200_000));
    await writeAtomic(path, contents[0]!);
    let writing = true;
    const writer = (async () => {
      for (let index = 0; index < 40; index++) await writeAtomic(path, contents[index % 2]!);
      writing = false;
    })();
    let reads = 0;
    while (writing) {
      assert.ok(contents.includes(await Deno.readTextFile(path)), "a torn read");
      reads++;
    }
    await writer;
    assert.ok(reads > 0);
    assert.deepEqual(namesIn(dir), ["f"]);
  }));

Deno.test(
  "writeAtomic() killed in the middle leaves the old content whole",
  unixOnly,
  () =>
    inTempDir(async (dir) => {
      const path = `${dir}/f`;
      const writer = await startScript("write_slowly.ts", [path], "writing");
      await writer.kill();
      assert.equal(await Deno.readTextFile(path), "old");
      const [leftover, ...others] = namesIn(dir).filter((name) => name !== "f");
      assert.match(leftover ?? "", /^\.f\.[0-9a-f]{12}\.tmp$/, "as documented");
      assert.deepEqual(others, []);
    }),
);

/** A file system of 64 KiB, gone afterwards; `false` where it cannot be had. */
async function onTinyDisk(dir: string, body: (disk: string) => Promise<void>): Promise<boolean> {
  const disk = `${dir}/disk`;
  await Deno.mkdir(disk);
  const mount = new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk],
    stderr: "null",
  });
  if (!(await mount.output()).success) return false;
  try {
    await body(disk);
  } finally {
    assert.ok((await new Deno.Command("umount", { args: [disk] }).output()).success);
  }
  return true;
}

Deno.test("writeAtomic() on a full disk leaves the old file and nothing else", {
  ignore: Deno.build.os !== "linux",
}, () =>
  inTempDir(async (dir) => {
    const ran = Deno.uid() === 0 && await onTinyDisk(dir, async (disk) => {
      const path = `${disk}/f`;
      await writeAtomic(path, "old");
      const large = new Uint8Array(1 << 20);
      const sources = [() => large, () => new Blob([large]).stream(), () => "x".repeat(1 << 20)];
      for (const source of sources) {
        const error = await failureOf(writeAtomic(path, source()));
        assert.match(renderError(error), /No space left on device/);
        assert.equal(await Deno.readTextFile(path), "old");
        assert.deepEqual(namesIn(disk), ["f"]);
      }
      await writeAtomic(path, "new"); // the space is free again
      assert.equal(await Deno.readTextFile(path), "new");
    });
    if (!ran) console.log("not run: only root can mount a small tmpfs, and it has to be allowed");
  }));
