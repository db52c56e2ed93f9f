import type { ProgressLine } from "../types.ts";
import type { BuildEvent, BuildEventSink } from "./build_event.ts";
import { LogTail } from "./_log_tail.ts";

/** What both builders' lines become. */
export interface ProgressDecoder {
  /** Takes one line of the daemon's answer. */
  line(line: ProgressLine): void;
  /** The id of the image, once it has come. */
  readonly imageId: string | undefined;
}

/** Everything that is remembered of a build while its events pass. */
export class BuildRecord {
  readonly #sink: BuildEventSink | undefined;
  readonly #tailCharacters: number;
  readonly #all: LogTail;
  readonly #steps = new Map<string, Step>();
  #failed: Step | undefined;
  #current: Step | undefined;
  /** What the sink threw: it ends the build, and must not be taken for a broken connection. */
  sinkFailure: { readonly error: unknown } | undefined;

  constructor(sink: BuildEventSink | undefined, tailCharacters: number) {
    this.#sink = sink;
    this.#tailCharacters = tailCharacters;
    this.#all = new LogTail(tailCharacters);
  }

  emit(event: BuildEvent): void {
    if (event.kind === "step") this.#step(event.vertex, event.text, event.state, event.cached);
    if (event.kind === "log") {
      this.#all.add(event.text);
      const step = this.#steps.get(event.vertex);
      if (step !== undefined) (step.tail ??= new LogTail(this.#tailCharacters)).add(event.text);
    }
    try {
      this.#sink?.(event);
    } catch (error) {
      this.sinkFailure ??= { error };
      throw error;
    }
  }

  /** The step that failed, or the one that was running last with `running`. */
  failedStep(options: { readonly running?: boolean } = {}): Step | undefined {
    return this.#failed ?? (options.running ? this.#current : undefined);
  }

  /** The end of everything that was printed. */
  get logTail(): string {
    return String(this.#all);
  }

  /** How many steps there were, and how many of those that do something came from the cache. */
  counts(): { readonly steps: number; readonly cached: number } {
    const worked = [...this.#steps.values()].filter((step) => step.counts);
    return { steps: worked.length, cached: worked.filter((step) => step.cached).length };
  }

  #step(vertex: string, text: string, state: string, cached: boolean): void {
    let step = this.#steps.get(vertex);
    if (step === undefined) {
      step = { text, cached: false, counts: isInstruction(text) };
      this.#steps.set(vertex, step);
    }
    step.cached ||= cached;
    if (state === "started") this.#current = step;
    if (state === "failed") this.#failed ??= step;
    // Output of a step that went well is of no use for an error any more.
    if (state === "done") step.tail = undefined;
  }
}

interface Step {
  readonly text: string;
  readonly counts: boolean;
  cached: boolean;
  tail?: LogTail;
}

/** BuildKit shows no others, and loading the Dockerfile or exporting is no step of a definition. */
function isInstruction(text: string): boolean {
  return /^(Step \d+\/\d+ :|\[[^\]]*\]) (RUN|COPY|ADD|WORKDIR)\b/i.test(text);
}
