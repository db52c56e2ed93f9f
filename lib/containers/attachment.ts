import { Demultiplexer, type EngineClient, type HijackedStream } from "../engine/mod.ts";

/** What an attachment may take. */
export interface AttachmentOptions {
  /** Takes the output as it comes, from the moment of attaching. */
  readonly onOutput?: (stream: "stdout" | "stderr", piece: Uint8Array) => void;
  /** Ends the attempt; the attachment itself lives until it is disposed of. */
  readonly signal?: AbortSignal;
}

/** A connection to the input and outputs of a container that runs. */
export class Attachment implements AsyncDisposable {
  readonly #stream: HijackedStream;
  /** Settles when the container has closed its outputs, or has ended. */
  readonly ended: Promise<void>;

  private constructor(stream: HijackedStream, tty: boolean, options: AttachmentOptions) {
    this.#stream = stream;
    this.ended = this.#read(tty, options.onOutput ?? (() => {}));
    this.ended.catch(() => {}); // whoever cares waits for it
  }

  /**
   * Attaches to a container; for input it must have been made with `stdin: true`.
   *
   * @param engine The engine.
   * @param id The container.
   */
  static async open(
    engine: EngineClient,
    id: string,
    options: AttachmentOptions = {},
  ): Promise<Attachment> {
    const { signal } = options;
    const { Config } = await engine.containers.inspect(id, { signal });
    const stream = await engine.containers.attach(id, { stdin: Config.OpenStdin, signal });
    return new Attachment(stream, Config.Tty, options);
  }

  /**
   * Writes to its input.
   *
   * @param input Bytes, or text as UTF-8.
   */
  async write(input: string | Uint8Array): Promise<void> {
    await this.#stream.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
  }

  /** Ends its input; it can still answer. */
  async closeInput(): Promise<void> {
    await this.#stream.closeWrite();
  }

  /** Lets go of the container, which goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream[Symbol.dispose]();
    await this.ended.catch(() => {}); // the reading that was cut off by this very disposal
  }

  async #read(
    tty: boolean,
    onOutput: (stream: "stdout" | "stderr", piece: Uint8Array) => void,
  ): Promise<void> {
    const demultiplexer = new Demultiplexer(onOutput);
    for (let bytes = await this.#stream.read(); bytes !== null; bytes = await this.#stream.read()) {
      if (tty) onOutput("stdout", bytes);
      else demultiplexer.write(bytes);
    }
    demultiplexer.end();
  }
}
