import type { EngineClient } from "../../engine/client.ts";
import {
  connectEngine,
  type ConnectOptions,
  EngineUnreachableError,
} from "../../engine/discovery.ts";
import { isTimeout } from "../../errors/mod.ts";
import { BuildFailedError } from "../../engine/build/build_error.ts";
import { ImageNotFoundError } from "../../engine/errors.ts";
import type { ReadEnv } from "../../engine/state.ts";
import { delay } from "../../retry/delay.ts";
import { buildPlan } from "./_build_plan.ts";
import { engineFailure, oneLine } from "./_engine_failure.ts";
import type { Base, Capabilities, Plan, Runner, RunnerResult, RunOptions } from "../model.ts";

/** How a {@linkcode BuildKitRunner} works. */
export interface BuildKitRunnerOptions {
  /** Makes or pulls the base image where it is missing. */
  readonly ensureBase: (engine: EngineClient, base: Base, signal?: AbortSignal) => Promise<void>;
  /** Looks at the base image before it is used for the first time. Default: nothing. */
  readonly checkBase?: (engine: EngineClient, base: Base, signal?: AbortSignal) => Promise<void>;
  /** Reads environment variables. Default `Deno.env.get`. */
  readonly env?: ReadEnv;
  /** Takes lines for the trace. */
  readonly onNote?: (text: string) => void;
}

/** Failures of BuildKit that go away when the same is asked again: what is done is cached. */
const TRANSIENT =
  /flightcontrol|http2: server sent GOAWAY|received prior goaway|force closed|connection reset|digest mismatch|failed to fetch remote|no active session|transport is closing/i;
/** Waits before each further try. */
const RETRY_MS = [200, 1000, 4000];

/**
 * Builds with BuildKit over the engine's own HTTP API: no client program, no temporary files. What
 * a unit needs goes up as an archive, the results come back as one.
 */
export class BuildKitRunner implements Runner {
  /** As in the settings. */
  readonly name = "buildkit";
  readonly #options: BuildKitRunnerOptions;
  #engine: Promise<EngineClient> | undefined;
  #checked = false;

  /** Connects to nothing yet. */
  constructor(options: BuildKitRunnerOptions) {
    this.#options = options;
  }

  /** What the engine's own BuildKit can do in the dialect that is spoken here. */
  async capabilities(options: { readonly signal?: AbortSignal } = {}): Promise<Capabilities> {
    const engine = await this.#connect(options.signal);
    return {
      program: "engine",
      versions: `api ${engine.apiVersion}`,
      buildContext: false,
      copyLink: false,
      addChecksum: false,
      runNetwork: false,
      mountEnv: false,
      sidecarIgnore: true,
      tarStdin: true,
      tarStdout: true,
      bindMountInCacheKey: true,
      cacheTo: [],
    };
  }

  /** Carries out one plan. */
  async run(plan: Plan, options: RunOptions = {}): Promise<RunnerResult> {
    const { signal } = options;
    const engine = await this.#connect(signal);
    if (!this.#checked) await this.#base(this.#options.checkBase, engine, plan.base, signal);
    this.#checked = true;
    let image = false;
    for (let attempt = 0;; attempt++) {
      try {
        return await buildPlan(engine, plan, options);
      } catch (error) {
        signal?.throwIfAborted();
        if (!image && isImageMissing(error, plan.base.image)) {
          image = true;
          await this.#base(this.#options.ensureBase, engine, plan.base, signal);
          continue;
        }
        const waitMs = RETRY_MS[attempt];
        if (waitMs === undefined || !TRANSIENT.test(String(error))) throw engineFailure(error);
        this.#options.onNote?.(`${plan.id}: again in ${waitMs} ms: ${oneLine(error)}`);
        await delay(waitMs, { signal });
      }
    }
  }

  /** Closes the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#engine?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  async #base(
    work: BuildKitRunnerOptions["checkBase"],
    engine: EngineClient,
    base: Base,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      await work?.(engine, base, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw engineFailure(error);
    }
  }

  #connect(signal: AbortSignal | undefined): Promise<EngineClient> {
    this.#engine ??= connectPatiently({ env: this.#options.env, signal }).catch((error) => {
      signal?.throwIfAborted();
      throw engineFailure(error);
    });
    return this.#engine;
  }
}

/** Each version of BuildKit has words of its own for it. */
function isImageMissing(error: unknown, image: string): boolean {
  if (error instanceof ImageNotFoundError) return true;
  if (!(error instanceof BuildFailedError)) return false;
  const { reason } = error;
  return reason.includes(image.split(":")[0]!.replace(/@.*/, "")) &&
    /not found|pull access denied|failed to (?:resolve|do request)|no such (?:image|host)|i\/o timeout|dial tcp|unable to resolve/i
      .test(reason);
}

/** 1.5 s each. */
const CONNECT_TRIES = 5;

/** An engine that is not there says so at once; one that compiles a dozen crates answers late. */
async function connectPatiently(options: ConnectOptions): Promise<EngineClient> {
  for (let attempt = 1;; attempt++) {
    try {
      return await connectEngine(options);
    } catch (error) {
      const isLate = error instanceof EngineUnreachableError &&
        error.candidates.some(({ cause }) => isTimeout(cause));
      if (!isLate || attempt === CONNECT_TRIES) throw error;
    }
  }
}
