import type { Capabilities, Plan, Runner, RunnerResult, RunOptions } from "../model.ts";

/** What the settings add to every plan. */
export interface PlanExtras {
  /** The frontend that reads the Dockerfile. */
  readonly syntax: string | undefined;
  /** How many files a program may have open. */
  readonly nofile: string | undefined;
}

/** Carries out plans with another runner, with what the settings add to each of them. */
export class PlanRunner implements Runner {
  readonly #inner: Runner;
  readonly #extras: PlanExtras;

  /** Disposing of it disposes of the other one. */
  constructor(inner: Runner, extras: PlanExtras) {
    this.#inner = inner;
    this.#extras = extras;
  }

  /** That of the other one. */
  get name(): string {
    return this.#inner.name;
  }

  /** Those of the other one. */
  capabilities(options?: { readonly signal?: AbortSignal }): Promise<Capabilities> {
    return this.#inner.capabilities(options);
  }

  /** Carries out one plan. */
  run(plan: Plan, options?: RunOptions): Promise<RunnerResult> {
    const { syntax, nofile } = this.#extras;
    return this.#inner.run({
      ...plan,
      ...syntax === undefined ? {} : { syntax },
      ...nofile === undefined ? {} : { nofile },
    }, options);
  }

  /** Closes the other one. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }
}
