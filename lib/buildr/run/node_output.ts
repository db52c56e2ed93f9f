import { TailBuffer } from "../../commands/output/mod.ts";
import type { Masker } from "../secrets/masker.ts";
import type { RunReporter } from "./reporter.ts";

/** What is kept of an output for the report of a failure. */
const TAIL_BYTES = 64 * 1024;
const TAIL_LINES = 20;

const STREAMS = ["stdout", "stderr"] as const;

/**
 * Takes the output of one node: masks it, hands it on byte for byte and as text, and keeps the last
 * lines. Nothing is lost where a character or a secret comes in several pieces.
 */
export class NodeOutput {
  readonly #node: string;
  readonly #reporter: RunReporter;
  readonly #tail = new TailBuffer({ limitBytes: TAIL_BYTES });
  readonly #maskers: Readonly<Record<"stdout" | "stderr", Masker | undefined>>;
  readonly #decoders = {
    stdout: new TextDecoder("utf-8", { ignoreBOM: true }),
    stderr: new TextDecoder("utf-8", { ignoreBOM: true }),
  };

  /** Use `RunReporter.outputOf`. */
  constructor(
    node: string,
    reporter: RunReporter,
    newMasker: () => Masker | undefined,
  ) {
    this.#node = node;
    this.#reporter = reporter;
    this.#maskers = { stdout: newMasker(), stderr: newMasker() };
  }

  /**
   * Takes a piece.
   *
   * @returns What to wait for before the next one.
   */
  write(stream: "stdout" | "stderr", piece: Uint8Array): Promise<unknown> | undefined {
    const masker = this.#maskers[stream];
    return this.#handOn(stream, masker === undefined ? piece : masker.push(piece), false);
  }

  /** Says that no more comes for now: what was held back is handed on. */
  async flush(): Promise<void> {
    for (const stream of STREAMS) {
      const rest = this.#maskers[stream]?.flush() ?? new Uint8Array(0);
      await this.#handOn(stream, rest, true);
    }
  }

  /** The last lines so far, masked. */
  lastLines(): readonly string[] {
    const lines = this.#tail.text().split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines.slice(-TAIL_LINES).map((line) => line.replace(/\r$/, ""));
  }

  #handOn(
    stream: "stdout" | "stderr",
    bytes: Uint8Array,
    isEnd: boolean,
  ): Promise<unknown> | undefined {
    const waits: Promise<unknown>[] = [];
    if (bytes.length > 0) {
      this.#tail.write(bytes);
      const wait = this.#reporter.output(this.#node, stream, bytes);
      if (wait !== undefined) waits.push(wait);
    }
    if (this.#reporter.wantsEvents) {
      const text = this.#decoders[stream].decode(bytes, { stream: !isEnd });
      const wait = text === ""
        ? undefined
        : this.#reporter.emit({ type: "output", node: this.#node, stream, text });
      if (wait !== undefined) waits.push(wait);
    }
    return waits.length === 0 ? undefined : Promise.all(waits);
  }
}
