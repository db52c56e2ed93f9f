import type { ProgressLine } from "../types.ts";
import type { BuildRecord, ProgressDecoder } from "./_progress.ts";

/** Reads the lines of the classic builder, which are made for people. */
export class ClassicProgress implements ProgressDecoder {
  readonly #record: BuildRecord;
  readonly #created: string[] = [];
  #text = "";
  #vertex = "";
  #cached = false;
  #fresh = false;
  #imageId: string | undefined;
  #lastImage: string | undefined;

  constructor(record: BuildRecord) {
    this.#record = record;
  }

  get imageId(): string | undefined {
    return this.#imageId;
  }

  /** Images that this build made and that were not in the cache, oldest first; short ids. */
  get createdImages(): readonly string[] {
    return this.#created;
  }

  line(line: ProgressLine): void {
    const aux = line.aux as { ID?: unknown } | undefined;
    // Each stage has one; the last one is the result.
    if (typeof aux?.ID === "string") this.#imageId = aux.ID;
    if (line.stream !== undefined) this.#stream(line.stream);
    else if (line.status !== undefined) {
      this.#record.emit({
        kind: "status",
        vertex: this.#vertex,
        text: line.id === undefined ? line.status : `${line.id}: ${line.status}`,
        current: line.progressDetail?.current ?? 0,
        total: line.progressDetail?.total ?? 0,
      });
    }
    if (line.error !== undefined && this.#vertex !== "") this.#end("failed", line.error);
  }

  #stream(text: string): void {
    const step = /^(Step (\d+)\/\d+ : [^\n]*)\n?$/.exec(text);
    if (step !== null) {
      this.#end("done");
      this.#text = step[1] ?? "";
      this.#vertex = step[2] ?? "";
      this.#cached = false;
      this.#fresh = true;
      this.#emitStep("started");
      return;
    }
    // The end of the step's own line comes by itself.
    const lineEnd = text === "\n" && (this.#fresh || this.#vertex === "");
    this.#fresh = false;
    if (lineEnd) return;
    const image = /^ ---> ([0-9a-f]{12})\n$/.exec(text)?.[1];
    if (image !== undefined) {
      // FROM shows the base image; a step that was built shows its own.
      const from = /^Step \d+\/\d+ : FROM\b/i.test(this.#text);
      if (!this.#cached && !from && image !== this.#lastImage) this.#created.push(image);
      this.#lastImage = image;
      return;
    }
    if (text === " ---> Using cache\n") {
      this.#cached = true;
      return;
    }
    if (/^ ---> Running in [0-9a-f]+\n$/.test(text)) return;
    if (/^Removing intermediate container [0-9a-f]+\n$/.test(text)) return;
    if (/^Successfully (built [0-9a-f]+|tagged .*)\n$/.test(text)) {
      this.#end("done");
      return;
    }
    // deno-lint-ignore no-control-regex -- the daemon colours what a step wrote to its errors
    const stderr = /^\x1b\[91m([\s\S]*)\x1b\[0m$/.exec(text)?.[1];
    this.#record.emit({
      kind: "log",
      vertex: this.#vertex,
      stream: stderr === undefined ? "stdout" : "stderr",
      text: stderr ?? text,
    });
  }

  #end(state: "done" | "failed", error?: string): void {
    if (this.#vertex === "") return;
    this.#emitStep(state, error);
    this.#vertex = "";
  }

  #emitStep(state: "started" | "done" | "failed", error?: string): void {
    this.#record.emit({
      kind: "step",
      vertex: this.#vertex,
      text: this.#text,
      state,
      cached: this.#cached,
      ...(error === undefined ? {} : { error }),
    });
  }
}
