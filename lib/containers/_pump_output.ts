import { Demultiplexer } from "../engine/mod.ts";
import type { NodeOutput } from "./node_output.ts";

/** What bytes of a container come from: an attached stream, or its log. */
export type OutputSource = ReadableStream<Uint8Array> | {
  read(): Promise<Uint8Array | null>;
};

/**
 * Moves what a container writes to where it belongs, as fast as the slowest of them takes it.
 *
 * @param source Frames, or raw bytes of a terminal.
 * @param output Where it goes.
 * @param isTerminal Whether the container has a terminal.
 * @throws {Error} when the source breaks, or ends in the middle of a frame.
 */
export async function pumpOutput(
  source: OutputSource,
  { stdout, stderr }: NodeOutput,
  isTerminal: boolean,
): Promise<void> {
  let waits: Promise<void>[] = [];
  const demultiplexer = new Demultiplexer((stream, piece) => {
    const wait = (stream === "stdout" ? stdout : stderr).write(piece);
    if (wait !== undefined) waits.push(wait);
  });
  const take = async (bytes: Uint8Array) => {
    if (isTerminal) await stdout.write(bytes);
    else demultiplexer.write(bytes);
    if (waits.length > 0) {
      await Promise.all(waits);
      waits = [];
    }
  };
  if (source instanceof ReadableStream) {
    for await (const bytes of source) await take(bytes);
  } else {
    for (let bytes = await source.read(); bytes !== null; bytes = await source.read()) {
      await take(bytes);
    }
  }
  demultiplexer.end();
}
