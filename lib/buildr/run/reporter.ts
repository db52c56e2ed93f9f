import type { Masker } from "../secrets/masker.ts";
import type { RunEvent } from "./events.ts";
import { NodeOutput } from "./node_output.ts";
import type { RunPlanOptions } from "./options.ts";

type WithoutTime<E> = E extends RunEvent ? Omit<E, "at"> : never;

/** An event before its time is known. */
export type NewRunEvent = WithoutTime<RunEvent>;

/** Makes a masker for one stream; `undefined` when there is nothing to hide. */
export type MaskerFactory = () => Masker | undefined;

/** Tells whoever listens what happens, with every secret taken out. */
export class RunReporter {
  readonly #options: Pick<RunPlanOptions, "onEvent" | "onOutput">;
  readonly #newMasker: MaskerFactory;
  readonly #onBroken: (error: unknown) => void;

  /**
   * Makes a reporter.
   *
   * @param options Who listens.
   * @param newMasker Makes a masker for one stream.
   * @param onBroken Takes what a listener throws; nothing here fails of it.
   */
  constructor(
    options: Pick<RunPlanOptions, "onEvent" | "onOutput">,
    newMasker: MaskerFactory,
    onBroken: (error: unknown) => void,
  ) {
    this.#options = options;
    this.#newMasker = newMasker;
    this.#onBroken = onBroken;
  }

  /** Hands bytes on, as `RunPlanOptions.onOutput` has them. */
  output(
    node: string,
    stream: "stdout" | "stderr",
    bytes: Uint8Array,
  ): Promise<unknown> | undefined {
    const { onOutput } = this.#options;
    return onOutput === undefined ? undefined : this.#guarded(() => onOutput(node, stream, bytes));
  }

  /** Whether anybody wants events. */
  get wantsEvents(): boolean {
    return this.#options.onEvent !== undefined;
  }

  /**
   * Tells an event.
   *
   * @param event The event; its texts are masked, but for output, which has been.
   * @returns What to wait for before more of the same comes.
   */
  emit(event: NewRunEvent): Promise<unknown> | undefined {
    const { onEvent } = this.#options;
    if (onEvent === undefined) return undefined;
    const timed = { ...event, at: new Date().toISOString() } as RunEvent;
    return this.#guarded(() => onEvent(timed.type === "output" ? timed : this.masked(timed)));
  }

  #guarded(listen: () => unknown): Promise<unknown> | undefined {
    try {
      const wait = listen();
      return wait instanceof Promise ? wait.catch(this.#onBroken) : undefined;
    } catch (error) {
      this.#onBroken(error);
      return undefined;
    }
  }

  /** Tells something worth knowing. */
  note(message: string, node?: string, level: "info" | "warning" = "info"): void {
    this.emit({ type: "note", level, message, ...(node === undefined ? {} : { node }) });
  }

  /** Takes the secrets out of all texts of a value. */
  masked<T>(value: T): T {
    return this.#newMasker() === undefined ? value : this.#mask(value) as T;
  }

  /** Makes what takes the output of one node. */
  outputOf(node: string): NodeOutput {
    return new NodeOutput(node, this, this.#newMasker);
  }

  #mask(value: unknown): unknown {
    if (typeof value === "string") return this.#maskText(value);
    if (Array.isArray(value)) return value.map((item) => this.#mask(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.#mask(one)]));
  }

  #maskText(text: string): string {
    const masker = this.#newMasker();
    if (masker === undefined) return text;
    const decoder = new TextDecoder();
    const front = decoder.decode(masker.push(new TextEncoder().encode(text)), { stream: true });
    return front + decoder.decode(masker.flush());
  }
}
