import assert from "node:assert/strict";
import { Demultiplexer, FrameError, type OutputStream } from "../../lib/engine/mod.ts";

function frame(stream: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length);
  bytes[0] = stream;
  new DataView(bytes.buffer).setUint32(4, payload.length);
  bytes.set(payload, 8);
  return bytes;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

// A generator with a seed, so that a failure can be repeated.
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

Deno.test("Demultiplexer gives back what went in, however the stream is cut", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const below = random(seed);
    const expected: Record<OutputStream, Uint8Array[]> = { stdout: [], stderr: [] };
    const order: OutputStream[] = [];
    const frames: Uint8Array[] = [];
    for (let count = below(30); count > 0; count--) {
      const payload = new Uint8Array(below(4) === 0 ? 0 : below(200)).map(() => below(256));
      const stream = below(2) === 0 ? "stdout" : "stderr";
      frames.push(frame(stream === "stdout" ? 1 : 2, payload));
      expected[stream].push(payload);
      if (payload.length > 0) order.push(stream);
    }
    const bytes = join(frames);
    const got: Record<OutputStream, Uint8Array[]> = { stdout: [], stderr: [] };
    const gotOrder: OutputStream[] = [];
    const demultiplexer = new Demultiplexer((stream, piece) => {
      assert.ok(piece.length > 0);
      got[stream].push(piece.slice());
      if (gotOrder.at(-1) !== stream) gotOrder.push(stream);
    });
    for (let at = 0; at < bytes.length;) {
      const size = 1 + below(below(3) === 0 ? 3 : 150);
      demultiplexer.write(bytes.subarray(at, at + size));
      at += size;
    }
    demultiplexer.end();
    assert.deepEqual(join(got.stdout), join(expected.stdout), `seed ${seed}`);
    assert.deepEqual(join(got.stderr), join(expected.stderr), `seed ${seed}`);
    const merged = order.filter((stream, index) => stream !== order[index - 1]);
    assert.deepEqual(gotOrder, merged, `seed ${seed}`);
  }
});

Deno.test("Demultiplexer keeps a frame of more than two gibibytes apart from nonsense", () => {
  const pieces: number[] = [];
  const demultiplexer = new Demultiplexer((_, piece) => pieces.push(piece.length));
  demultiplexer.write(new Uint8Array([1, 0, 0, 0, 0x80, 0, 0, 1]));
  demultiplexer.write(new Uint8Array(5));
  assert.deepEqual(pieces, [5]);
  assert.throws(() => demultiplexer.end(), /ended 2147483644 bytes before the end of a frame/);
});

Deno.test("Demultiplexer.end() reports a stream that was cut at every place but a boundary", () => {
  const bytes = join([frame(1, new Uint8Array(3)), frame(2, new Uint8Array(2))]);
  for (let length = 0; length <= bytes.length; length++) {
    const demultiplexer = new Demultiplexer(() => {});
    demultiplexer.write(bytes.subarray(0, length));
    if (length === 0 || length === 11 || length === bytes.length) demultiplexer.end();
    else assert.throws(() => demultiplexer.end(), FrameError, `cut at ${length}`);
  }
});

Deno.test("Demultiplexer.write() refuses what is not made of frames", () => {
  const texts = ["HTTP/1.1 500 Internal", '{"message":"x"}', "\u0001hello world", "a"];
  for (const text of texts) {
    const demultiplexer = new Demultiplexer(() => assert.fail("nothing is handed on"));
    const bytes = new TextEncoder().encode(text);
    assert.throws(() => {
      demultiplexer.write(bytes.subarray(0, 3));
      demultiplexer.write(bytes.subarray(3));
      demultiplexer.end();
    }, FrameError);
  }
});

Deno.test("Demultiplexer gives the daemon's own words to the errors", () => {
  const streams: OutputStream[] = [];
  const demultiplexer = new Demultiplexer((stream) => streams.push(stream));
  for (const number of [0, 1, 2, 3]) demultiplexer.write(frame(number, new Uint8Array(1)));
  demultiplexer.end();
  assert.deepEqual(streams, ["stdout", "stdout", "stderr", "stderr"]);
});
