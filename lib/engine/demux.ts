/** Which of a container's two outputs a piece belongs to. */
export type OutputStream = "stdout" | "stderr";

/** Takes pieces of output in the order in which the engine sent them. */
export type OutputSink = (stream: OutputStream, piece: Uint8Array) => void;

/** The engine's stream ended in the middle of a frame, or was not a stream of frames. */
export class FrameError extends Error {
  /** The name of the class. */
  override readonly name: string = "FrameError";
}

const HEADER_BYTES = 8;

/**
 * Takes the engine's multiplexed stream apart, in linear time and without copying.
 *
 * A frame is a stream number (1 output, 2 errors), three zero bytes and the length as a 32-bit
 * big-endian number, then that many bytes
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach).
 * Frames and chunks do not line up: only the header is ever kept between chunks, a payload is
 * handed on in the pieces in which it came.
 *
 * @example
 * ```ts
 * import { Demultiplexer } from "@superorch/superorch/engine";
 *
 * const demultiplexer = new Demultiplexer((stream, piece) => console.log(stream, piece.length));
 * demultiplexer.write(new Uint8Array([1, 0, 0, 0, 0, 0, 0, 2, 104, 105])); // "stdout", 2
 * demultiplexer.end();
 * ```
 */
export class Demultiplexer {
  readonly #sink: OutputSink;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0;
  #payloadLeft = 0;
  #stream: OutputStream = "stdout";

  /**
   * Makes a demultiplexer for one stream.
   *
   * @param sink Takes the pieces; each is a view into the chunk that was written.
   */
  constructor(sink: OutputSink) {
    this.#sink = sink;
  }

  /**
   * Takes the next chunk.
   *
   * @param chunk Bytes as they came.
   * @throws {FrameError} when they are no frames.
   */
  write(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const end = Math.min(chunk.length, at + this.#payloadLeft);
        this.#sink(this.#stream, chunk.subarray(at, end));
        this.#payloadLeft -= end - at;
        at = end;
      } else if (this.#headerBytes === 0 && chunk.length - at >= HEADER_BYTES) {
        this.#open(chunk, at);
        at += HEADER_BYTES;
      } else {
        this.#header[this.#headerBytes++] = chunk[at++]!;
        if (this.#headerBytes === HEADER_BYTES) {
          this.#headerBytes = 0;
          this.#open(this.#header, 0);
        }
      }
    }
  }

  /**
   * Says that the stream is over.
   *
   * @throws {FrameError} when it ended in the middle of a frame.
   */
  end(): void {
    if (this.#payloadLeft > 0 || this.#headerBytes > 0) {
      throw new FrameError(
        this.#payloadLeft > 0
          ? `The engine's stream ended ${this.#payloadLeft} bytes before the end of a frame`
          : `The engine's stream ended within the header of a frame`,
      );
    }
  }

  #open(bytes: Uint8Array, at: number): void {
    const number = bytes[at];
    // 0 is "stdin echoed on stdout"; 3 is an error of the daemon itself, which belongs to stderr.
    const zeros = bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!;
    if (number === undefined || number > 3 || zeros !== 0) {
      throw new FrameError(
        `The engine's stream is not made of frames: ${bytes.subarray(at, at + HEADER_BYTES)}`,
      );
    }
    this.#stream = number < 2 ? "stdout" : "stderr";
    this.#payloadLeft = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) |
      bytes[at + 7]!) >>> 0;
  }
}
