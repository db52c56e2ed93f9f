import { stackUnlessAborted } from "../../errors/mod.ts";
import type { Configuration } from "../model.ts";
import type { ScriptPlace } from "../actions/action_context.ts";
import type { ScriptRunner } from "../actions/run_script.ts";

/** Where scripts are run instead of on this machine. */
export interface SandboxOptions {
  /** Image with `/bin/bash` and what the components may count on. */
  readonly image: string;
  /** Where things are. */
  readonly configuration: Configuration;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Containers that scripts are run in. Filled in below. */
export class Sandbox implements AsyncDisposable {
  readonly #options: SandboxOptions;

  private constructor(options: SandboxOptions) {
    this.#options = options;
  }

  /** Makes it. */
  static create(options: SandboxOptions): Promise<Sandbox> {
    return Promise.resolve(new Sandbox(options));
  }

  /** What runs one script. */
  runner(_place: ScriptPlace): ScriptRunner {
    return (_program, { signal }) =>
      stackUnlessAborted(
        `Cannot run a script in ${this.#options.image}`,
        () => Promise.reject(new Error("not yet")),
        signal,
      );
  }

  /** Nothing stays. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
