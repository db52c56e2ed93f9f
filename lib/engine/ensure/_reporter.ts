import type { EngineProgress, EnsureStep } from "./ensure_engine.ts";

/** Tells what is being done, and keeps it for the result. */
export class Reporter {
  readonly steps: EnsureStep[] = [];
  readonly warnings: string[] = [];
  readonly #onProgress: (progress: EngineProgress) => void;

  constructor(onProgress: ((progress: EngineProgress) => void) | undefined) {
    this.#onProgress = onProgress ?? (() => {});
  }

  async step(message: string, work: () => Promise<void>): Promise<void> {
    this.#onProgress({ state: "begin", message, durationMs: 0 });
    const start = performance.now();
    await work();
    const durationMs = Math.round(performance.now() - start);
    this.steps.push({ message, durationMs });
    this.#onProgress({ state: "done", message, durationMs });
  }

  note(message: string): void {
    this.#onProgress({ state: "note", message, durationMs: 0 });
  }

  warn(message: string): void {
    this.warnings.push(message);
    this.note(`Warning: ${message}`);
  }
}
