import assert from "node:assert/strict";
import { isTimeout } from "../../lib/errors/mod.ts";
import { FileLock, type LockHolder, LockTimeoutError } from "../../lib/files/mod.ts";
import { inTempDir, runScript, startScript } from "./_support.ts";

Deno.test("FileLock excludes a second caller in the same process, and names the holder", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/a.lock`;
    await using lock = await FileLock.acquire(path, { purpose: "superorch engine ensure" });
    assert.equal(lock.path, path);
    const error = await FileLock.acquire(path, { timeoutMs: 0 }).catch((error) => error);
    assert.ok(error instanceof LockTimeoutError);
    assert.ok(isTimeout(error));
    assert.equal(error.holder?.pid, Deno.pid);
    assert.equal(error.holder?.purpose, "superorch engine ensure");
    assert.equal(
      error.message,
      `Cannot lock ${JSON.stringify(path)} within 0 ms: ` +
        `it is held by process ${Deno.pid} (superorch engine ensure)`,
    );
  }));

Deno.test("FileLock is free again after release, and leaves no file", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/a.lock`;
    for (let round = 0; round < 3; round++) {
      const lock = await FileLock.acquire(path, { timeoutMs: 0 });
      await lock.release();
      await lock.release();
      assert.deepEqual([...Deno.readDirSync(dir)], []);
    }
  }));

Deno.test("FileLock waits until the holder lets go, and says once that it waits", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/a.lock`;
    const first = await FileLock.acquire(path, { purpose: "first" });
    const seen: (LockHolder | undefined)[] = [];
    const waiting = Promise.withResolvers<void>();
    const second = FileLock.acquire(path, {
      timeoutMs: 30_000,
      onWait: (holder) => {
        seen.push(holder);
        waiting.resolve();
      },
    });
    await waiting.promise;
    await first.release();
    await (await second).release();
    assert.deepEqual(seen.map((holder) => holder?.purpose), ["first"]);
  }));

Deno.test("FileLock stops waiting when its signal is aborted", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/a.lock`;
    await using _lock = await FileLock.acquire(path);
    const reason = new Error("enough");
    const controller = new AbortController();
    const waiting = FileLock.acquire(path, {
      signal: controller.signal,
      onWait: () => controller.abort(reason),
    });
    await assert.rejects(waiting, reason);
    await assert.rejects(FileLock.acquire(`${dir}/b`, { signal: controller.signal }), reason);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["a.lock"]);
  }));

Deno.test("FileLock held by another process: its pid stands in the error, and SIGKILL frees it", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/a.lock`;
    const owner = await startScript("hold_lock.ts", [path, "crash me"], "locked");
    try {
      const error = await FileLock.acquire(path, { timeoutMs: 20 }).catch((error) => error);
      assert.match(
        error.message,
        new RegExp(`is held by process ${owner.process.pid} \\(crash me\\)$`),
      );
    } finally {
      await owner.kill();
    }
    assert.match(Deno.readTextFileSync(path), /crash me/, "a crash leaves the file");
    await using lock = await FileLock.acquire(path, { timeoutMs: 30_000 });
    assert.equal(JSON.parse(Deno.readTextFileSync(lock.path)).pid, Deno.pid);
  }));

Deno.test("FileLock: two processes and two callers each lose none of 200 increments", () =>
  inTempDir(async (dir) => {
    Deno.writeTextFileSync(`${dir}/counter`, "0");
    const results = await Promise.all([
      runScript("increment.ts", [dir, "100"]),
      runScript("increment.ts", [dir, "100"]),
    ]);
    for (const result of results) assert.equal(result.stderr, "");
    assert.equal(Deno.readTextFileSync(`${dir}/counter`), "400"); // 2 processes × 2 callers × 100
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["counter"]);
  }));

Deno.test("FileLock on a file that is removed or replaced under a waiter locks the new file", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/a.lock`;
    const first = await FileLock.acquire(path);
    const waiting = Promise.withResolvers<void>();
    const second = FileLock.acquire(path, { timeoutMs: 30_000, onWait: () => waiting.resolve() });
    await waiting.promise;
    Deno.removeSync(path); // the waiter now has a descriptor of a file without a name
    await using lock = await second;
    await first.release(); // must not remove the file of the second
    const error = await FileLock.acquire(path, { timeoutMs: 0 }).catch((error) => error);
    assert.ok(error instanceof LockTimeoutError, "the lock of the new file counts");
    assert.equal(lock.path, path);
  }));

Deno.test("FileLock refuses what is not a lock file, and leaves it alone", () =>
  inTempDir(async (dir) => {
    Deno.writeTextFileSync(`${dir}/data.json`, '{"a":1}\n');
    await assert.rejects(FileLock.acquire(`${dir}/data.json`), /is not a lock file: it has other/);
    assert.equal(Deno.readTextFileSync(`${dir}/data.json`), '{"a":1}\n');
    await assert.rejects(FileLock.acquire(dir), /could not open the lock file/);
    await assert.rejects(FileLock.acquire(`${dir}/no/a.lock`), /No such file|cannot find/);
    await assert.rejects(FileLock.acquire(`${dir}/a`, { timeoutMs: -1 }), RangeError);
    await assert.rejects(FileLock.acquire(`${dir}/a`, { timeoutMs: NaN }), RangeError);
  }));

Deno.test({
  name: "FileLock refuses a device",
  ignore: Deno.build.os === "windows",
  async fn() {
    await assert.rejects(FileLock.acquire("/dev/null"), /it is not a regular file/);
    assert.ok(Deno.statSync("/dev/null").isCharDevice);
  },
});

Deno.test("FileLock creates parent directories on request, and survives a torn record", () =>
  inTempDir(async (dir) => {
    const path = `${dir}/state/deep/a.lock`;
    await (await FileLock.acquire(path, { parents: true })).release();
    Deno.writeTextFileSync(path, '{"pid":12');
    await using _lock = await FileLock.acquire(path, { timeoutMs: 0, purpose: "x\n\x1b[31my" });
    await assert.rejects(FileLock.acquire(path, { timeoutMs: 0 }), /\(x\?\?\[31my\)$/);
  }));

Deno.test("FileLock with a relative path is released after a change of directory", () =>
  inTempDir(async (dir) => {
    await Deno.mkdir(`${dir}/elsewhere`);
    const { code, stderr } = await runScript("lock_and_leave.ts", [dir]);
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["elsewhere"]);
  }));
