import type { Capabilities, Plan, Runner, RunnerResult, RunOptions } from "../model.ts";

/** Takes what differs: the plan and the names of its files. */
export type OnDifference = (plan: Plan, names: readonly string[]) => void;

/** Carries out each plan twice, the second time without what is cached, and tells what differs. */
export class RepeatingRunner implements Runner {
  readonly #inner: Runner;
  readonly #onDifference: OnDifference;

  /** Disposing of it disposes of the other one. */
  constructor(inner: Runner, onDifference: OnDifference) {
    this.#inner = inner;
    this.#onDifference = onDifference;
  }

  /** That of the other one. */
  get name(): string {
    return this.#inner.name;
  }

  /** Those of the other one. */
  capabilities(options?: { readonly signal?: AbortSignal }): Promise<Capabilities> {
    return this.#inner.capabilities(options);
  }

  /** Carries out one plan; the result is that of the first time. */
  async run(plan: Plan, options: RunOptions = {}): Promise<RunnerResult> {
    const first = await this.#inner.run(plan, options);
    if (first.code !== 0 || options.noCache === true) return first;
    const second = await this.#inner.run(plan, { ...options, noCache: true });
    const names = differences(first, second);
    if (names.length > 0) this.#onDifference(plan, names);
    return first;
  }

  /** Closes the other one. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }
}

function differences(first: RunnerResult, second: RunnerResult): string[] {
  const others = new Map(second.files.map((file) => [file.path, file]));
  const names = first.files.filter(({ path, content, target }) => {
    const other = others.get(path);
    others.delete(path);
    return other === undefined || other.target !== target || !equal(content, other.content);
  }).map(({ path }) => path);
  return [...names, ...others.keys()].sort();
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
