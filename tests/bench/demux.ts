/**
 * How fast log frames are taken apart.
 *
 * Run: deno run tests/bench/demux.ts
 */
import { Demultiplexer } from "../../lib/engine/mod.ts";

const TOTAL_BYTES = 256 * 2 ** 20;
const CHUNK_BYTES = 64 * 1024;
const ROUNDS = 5;

for (const frameBytes of [120, 4096, 2 ** 20]) {
  const stream = framed(frameBytes);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let bytes = 0;
    const demultiplexer = new Demultiplexer((_, piece) => {
      bytes += piece.length;
    });
    const started = performance.now();
    for (let done = 0; done < TOTAL_BYTES; done += stream.length) {
      for (let at = 0; at < stream.length; at += CHUNK_BYTES) {
        demultiplexer.write(stream.subarray(at, at + CHUNK_BYTES));
      }
    }
    demultiplexer.end();
    rates.push(bytes / 1e6 / ((performance.now() - started) / 1000));
  }
  rates.sort((a, b) => a - b);
  console.log(`frames of ${frameBytes} bytes: ${Math.round(rates[ROUNDS >> 1]!)} MB/s`);
}

function framed(frameBytes: number): Uint8Array {
  const count = Math.max(1, Math.floor(16 * 2 ** 20 / frameBytes));
  const stream = new Uint8Array(count * frameBytes);
  const view = new DataView(stream.buffer);
  for (let index = 0; index < count; index++) {
    stream[index * frameBytes] = 1 + index % 2;
    view.setUint32(index * frameBytes + 4, frameBytes - 8);
  }
  return stream;
}
