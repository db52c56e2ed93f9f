import type { ProgressLine } from "../types.ts";
import type { BuildRecord, ProgressDecoder } from "./_progress.ts";
import { protoBytes, protoFields, protoNumber, protoText } from "./_protobuf.ts";

/**
 * Reads BuildKit's progress: `moby.buildkit.v1.StatusResponse` in base64
 * (https://github.com/moby/buildkit/blob/v0.8.3/api/services/control/control.proto).
 */
export class TraceProgress implements ProgressDecoder {
  readonly #record: BuildRecord;
  readonly #decoders = new Map<string, TextDecoder>();
  readonly #states = new Map<string, string>();
  #imageId: string | undefined;

  constructor(record: BuildRecord) {
    this.#record = record;
  }

  get imageId(): string | undefined {
    return this.#imageId;
  }

  line(line: ProgressLine): void {
    if (line.id === "moby.image.id") {
      const aux = line.aux as { ID?: unknown } | undefined;
      if (typeof aux?.ID === "string") this.#imageId = aux.ID;
    } else if (line.id === "moby.buildkit.trace" && typeof line.aux === "string") {
      this.status(Uint8Array.fromBase64(line.aux));
    }
  }

  /** Takes one message of progress. */
  status(message: Uint8Array): void {
    for (const [field, value] of protoFields(message)) {
      if (field === 1) this.#vertex(protoBytes(value));
      else if (field === 2) this.#vertexStatus(protoBytes(value));
      else if (field === 3) this.#log(protoBytes(value));
    }
  }

  #vertex(message: Uint8Array): void {
    let vertex = "";
    let text = "";
    let error = "";
    let cached = false;
    let started = false;
    let completed = false;
    for (const [field, value] of protoFields(message)) {
      if (field === 1) vertex = protoText(value);
      else if (field === 3) text = protoText(value);
      else if (field === 4) cached = protoNumber(value) !== 0;
      else if (field === 5) started = true;
      else if (field === 6) completed = true;
      else if (field === 7) error = protoText(value);
    }
    if (error !== "") this.#emitStep(vertex, text, "failed", cached, error);
    else if (completed) this.#emitStep(vertex, text, "done", cached);
    else if (started) this.#emitStep(vertex, text, "started", cached);
  }

  #emitStep(
    vertex: string,
    text: string,
    state: "started" | "done" | "failed",
    cached: boolean,
    error?: string,
  ): void {
    // The daemon repeats a vertex whenever anything about it changes.
    const known = `${state} ${cached}`;
    const last = this.#states.get(vertex);
    if (last === known) return;
    if (last === undefined && state !== "started") {
      this.#record.emit({ kind: "step", vertex, text, state: "started", cached: false });
    }
    this.#states.set(vertex, known);
    this.#record.emit({
      kind: "step",
      vertex,
      text,
      state,
      cached,
      ...(error === undefined ? {} : { error }),
    });
  }

  #vertexStatus(message: Uint8Array): void {
    let vertex = "";
    let id = "";
    let name = "";
    let current = 0;
    let total = 0;
    for (const [field, value] of protoFields(message)) {
      if (field === 1) id = protoText(value);
      else if (field === 2) vertex = protoText(value);
      else if (field === 3) name = protoText(value);
      else if (field === 4) current = protoNumber(value);
      else if (field === 5) total = protoNumber(value);
    }
    this.#record.emit({ kind: "status", vertex, text: name || id, current, total });
  }

  #log(message: Uint8Array): void {
    let vertex = "";
    let number = 1;
    let bytes: Uint8Array = new Uint8Array(0);
    for (const [field, value] of protoFields(message)) {
      if (field === 1) vertex = protoText(value);
      else if (field === 3) number = protoNumber(value);
      else if (field === 4) bytes = protoBytes(value);
    }
    const stream = number === 2 ? "stderr" : "stdout";
    const key = `${vertex} ${stream}`;
    let decoder = this.#decoders.get(key);
    // One for each stream of each step: a character may be cut between two messages.
    if (decoder === undefined) this.#decoders.set(key, decoder = new TextDecoder());
    const text = decoder.decode(bytes, { stream: true });
    if (text !== "") this.#record.emit({ kind: "log", vertex, stream, text });
  }
}
