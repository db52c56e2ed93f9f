import assert from "node:assert/strict";
import {
  ForwardSink,
  LinePrefixer,
  LineSplitter,
  MAX_LINE_BYTES,
  OutputRecorder,
  type OutputSink,
  RotatingLog,
  SharedLog,
  TailBuffer,
} from "../../lib/commands/output/mod.ts";
import { Collected, concat, decode, encode, tempDir } from "./_support.ts";

Deno.test("TailBuffer keeps exactly the last bytes, for any limit and any chunks", () => {
  const all = new Uint8Array(300_000).map((_, i) => i % 251);
  for (const limitBytes of [0, 1, 7, 1_000, 65_536, 65_537, 200_000, 300_000, Infinity]) {
    for (const chunk of [1_000, 4_096, 65_536, 299_999]) {
      const tail = new TailBuffer({ limitBytes });
      for (let at = 0; at < all.length; at += chunk) tail.write(all.subarray(at, at + chunk));
      const expected = limitBytes === 0 ? new Uint8Array(0) : all.slice(-limitBytes);
      assert.equal(decode(tail.bytes()), decode(expected), `limit ${limitBytes}, chunk ${chunk}`);
      assert.equal(tail.totalBytes, all.length);
      assert.equal(tail.droppedBytes, Math.max(0, all.length - limitBytes));
    }
  }
});

Deno.test("TailBuffer refuses a limit that is none", () => {
  for (const limitBytes of [-1, NaN]) {
    assert.throws(() => new TailBuffer({ limitBytes }), RangeError);
  }
});

Deno.test("TailBuffer copies: the writer may reuse its memory", () => {
  const tail = new TailBuffer({ limitBytes: 10 });
  const chunk = encode("abc");
  tail.write(chunk);
  chunk.fill(120);
  assert.equal(tail.text(), "abc");
});

Deno.test("LineSplitter gives the same lines however the stream is cut", () => {
  const bytes = encode("\n\none\r\ntwo é🦀\n\r\nlast\r");
  const expected = ["", "", "one", "two é🦀", "", "last\r"];
  for (let size = 1; size <= bytes.length; size++) {
    const splitter = new LineSplitter();
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      lines.push(...splitter.push(bytes.subarray(at, at + size)));
    }
    assert.deepEqual([...lines, ...splitter.flush()], expected, `pieces of ${size}`);
  }
});

Deno.test("LineSplitter hands out an endless line in pieces", () => {
  const splitter = new LineSplitter({ maxLineBytes: 10 });
  assert.deepEqual(splitter.push(encode("0123456789")), []);
  assert.deepEqual(splitter.push(encode("x")), ["0123456789x"]);
  assert.deepEqual(splitter.flush(), []);
});

Deno.test("LinePrefixer gives the same text however the stream is cut", () => {
  const bytes = concat([encode("a\n\né🦀"), new Uint8Array([0xff]), encode("\nend")]);
  for (let size = 1; size <= bytes.length; size++) {
    const prefixer = new LinePrefixer("> ");
    let text = "";
    for (let at = 0; at < bytes.length; at += size) {
      text += prefixer.push(bytes.subarray(at, at + size));
    }
    assert.equal(text + prefixer.flush(), "> a\n> \n> é🦀\ufffd\n> end\n", `pieces of ${size}`);
  }
});

Deno.test("LinePrefixer marks half a character at the end", () => {
  const prefixer = new LinePrefixer("> ");
  assert.equal(prefixer.push(new Uint8Array([0xc3])), "");
  assert.equal(prefixer.flush(), "> \ufffd\n");
});

Deno.test("RotatingLog holds the newest bytes and between half and all of its limit", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/x.log`;
  for (const limitBytes of [1, 2, 10, 1_000, 100_000]) {
    for (const chunk of [1, 3, 999, 70_000]) {
      const all = encode("0123456789abcdefghijklmnopqrstuvwxyz,".repeat(chunk < 10 ? 60 : 7_000));
      await using log = await RotatingLog.open(path, { limitBytes });
      for (let at = 0; at < all.length; at += chunk) {
        await log.write(all.subarray(at, at + chunk));
      }
      await log.end();
      const kept = await Deno.readFile(path);
      const what = `limit ${limitBytes}, chunk ${chunk}: ${kept.length} bytes`;
      assert(kept.length <= limitBytes, what);
      assert(kept.length >= Math.min(limitBytes / 2, all.length), what);
      assert.equal(decode(kept), decode(all.slice(-kept.length)), what);
    }
  }
});

Deno.test("RotatingLog refuses limits that are none, and opens nothing then", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/x.log`;
  for (const options of [{ limitBytes: 0 }, { limitBytes: NaN }, { generations: 1.5 }]) {
    await assert.rejects(RotatingLog.open(path, options), RangeError);
  }
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("RotatingLog says which file cannot be opened, and why", async () => {
  await assert.rejects(RotatingLog.open("/missing/x.log"), (error) => {
    assert.match(String(error), /Cannot open log file "\/missing\/x.log"/);
    assert((error as Error).cause instanceof Deno.errors.NotFound);
    return true;
  });
});

Deno.test("SharedLog gives one stream's bytes back exactly", async () => {
  for (const text of ["", "a", "a\n", "a\n\nb", "\n", "x".repeat(MAX_LINE_BYTES + 5)]) {
    const tail = new TailBuffer({ limitBytes: Infinity });
    const log = new SharedLog(tail);
    const [one, two] = [log.stream(), log.stream()];
    await one.write(encode(text));
    await one.end?.();
    await two.end?.();
    assert.equal(tail.text() === text, true, text.slice(0, 10));
  }
});

Deno.test("SharedLog ends an unfinished line only when another one follows", async () => {
  const tail = new TailBuffer({ limitBytes: 1_000 });
  const log = new SharedLog(tail);
  const [one, two] = [log.stream(), log.stream()];
  await one.write(encode("unfin"));
  await two.write(encode("two\nopen"));
  await one.write(encode("ished"));
  await one.end?.();
  await two.write(encode("ed"));
  assert.equal(tail.text(), "two\nunfinished");
  await two.end?.();
  assert.equal(tail.text(), "two\nunfinished\nopened");
});

Deno.test("OutputRecorder goes on without a sink that fails, and says what it failed with", async () => {
  const failing: OutputSink = {
    write() {
      throw new Error("no");
    },
  };
  const later: OutputSink = { write: () => Promise.reject(new Error("later")) };
  const seen = new TailBuffer({ limitBytes: 100 });
  const recorder = new OutputRecorder({ sinks: [failing, later, seen] });
  await recorder.write(encode("one "));
  await recorder.write(encode("two"));
  await recorder.end();
  assert.equal(recorder.tail.text(), "one two");
  assert.equal(seen.text(), "one two");
  assert.deepEqual(recorder.failures.map((error) => (error as Error).message), ["no", "later"]);
});

Deno.test("OutputRecorder reads no faster than its sinks take", async () => {
  let pulled = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(1_000));
      if (++pulled === 50) controller.close();
    },
  });
  const gate = Promise.withResolvers<void>();
  const recorder = new OutputRecorder({ sinks: [{ write: () => gate.promise }] });
  const consumed = recorder.consume(source);
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 0));
  assert(pulled <= 3, `${pulled} chunks were read`);
  gate.resolve();
  await consumed;
  assert.equal(recorder.tail.totalBytes, 50_000);
});

Deno.test("OutputRecorder takes any stream: byte streams, others, generators", async () => {
  async function* chunks() {
    yield encode("a");
    yield encode("b");
  }
  for (const source of [chunks(), ReadableStream.from(chunks()), new Blob(["ab"]).stream()]) {
    const recorder = new OutputRecorder();
    await recorder.consume(source);
    assert.equal(recorder.tail.text(), "ab");
  }
});

Deno.test("OutputRecorder ends its sinks when the source fails, and tells", async () => {
  let ended = false;
  const sink: OutputSink = {
    write() {},
    end() {
      ended = true;
    },
  };
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("torn")),
  });
  await assert.rejects(new OutputRecorder({ sinks: [sink] }).consume(broken), /torn/);
  assert(ended);
});

Deno.test("a stopped OutputRecorder settles and lets go of iterations", async () => {
  const recorder = new OutputRecorder();
  const consumed = recorder.consume(new ReadableStream<Uint8Array>());
  const lines = Array.fromAsync(recorder.lines());
  await recorder.stop();
  await consumed;
  assert.deepEqual(await lines, []);
});

Deno.test("ForwardSink gives up a place that nobody reads", async () => {
  let writes = 0;
  const gone = {
    write(): Promise<number> {
      writes++;
      return Promise.reject(new Deno.errors.BrokenPipe("gone"));
    },
  };
  const sink = new ForwardSink("", gone);
  for (let i = 0; i < 3; i++) {
    await sink.write(encode("x\n"));
    await sink.end();
  }
  assert.equal(writes, 1);
});

Deno.test("ForwardSink loses nothing when its place takes a part at a time", async () => {
  const collected = new Collected();
  const slow = { write: (bytes: Uint8Array) => collected.write(bytes.subarray(0, 3)) };
  const sink = new ForwardSink("> ", slow);
  await sink.write(encode("one\ntwo"));
  await sink.end();
  assert.equal(collected.text, "> one\n> two\n");
});
