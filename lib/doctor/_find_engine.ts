import { errorMessage } from "../errors/error_message.ts";
import {
  type EngineCandidate,
  engineCandidates,
  EngineClient,
  EngineConnectionError,
  type ReadEnv,
} from "../engine/mod.ts";
import { withTimeout } from "../retry/mod.ts";

/** One place where an engine was looked for. */
export interface TriedEngine {
  /** What led there, for example `DOCKER_HOST` or `usual socket`. */
  readonly source: string;
  /** The place, as `DOCKER_HOST` has it. */
  readonly host: string;
  /** Whether the user named it; then nothing else is tried. */
  readonly explicit: boolean;
  /** `used` is the first that answers, `answers` one further down the list. */
  readonly outcome: "used" | "answers" | "failed";
  /** Why it is not an engine; absent where it is one. */
  readonly reason?: string;
}

/** What was found. */
export interface FoundEngine extends AsyncDisposable {
  /** All places, in the order in which programs look at them. */
  readonly tried: readonly TriedEngine[];
  /** The one that programs use. */
  readonly engine: EngineClient | undefined;
  /** The places as discovery has them. */
  readonly candidates: readonly EngineCandidate[];
}

/** A local socket that accepts and then says nothing for this long is not an engine. */
const LOCAL_MS = 1_500;
/** The first call over ssh took 0.3 s at its best. */
const REMOTE_MS = 8_000;

/**
 * Asks every place where an engine may be, also those after the first that answers.
 *
 * @throws {TypeError} when `DOCKER_CONFIG` cannot be understood at all.
 */
export async function findEngine(
  options: { readonly host?: string; readonly env: ReadEnv; readonly signal: AbortSignal },
): Promise<FoundEngine> {
  const { env, signal } = options;
  const candidates = await engineCandidates(options);
  const apiVersion = env("DOCKER_API_VERSION") || undefined;
  const opened = await Promise.all(candidates.map(async (candidate) => {
    try {
      return await open(candidate, apiVersion, signal);
    } catch (error) {
      return reasonOf(error);
    }
  }));
  const engines = opened.filter((one) => one instanceof EngineClient);
  const tried = candidates.map(({ source, host, explicit }, index): TriedEngine => {
    const result = opened[index]!;
    const place = { source, host, explicit };
    if (!(result instanceof EngineClient)) return { ...place, outcome: "failed", reason: result };
    return { ...place, outcome: result === engines[0] ? "used" : "answers" };
  });
  const close = async () => {
    for (const engine of engines) await engine[Symbol.asyncDispose]();
  };
  if (signal.aborted) {
    await close();
    throw signal.reason;
  }
  return { tried, engine: engines[0], candidates, [Symbol.asyncDispose]: close };
}

async function open(
  { endpoint, problem }: EngineCandidate,
  apiVersion: string | undefined,
  signal: AbortSignal,
): Promise<EngineClient> {
  if (endpoint === undefined) throw new TypeError(problem ?? "it cannot be understood");
  const limitMs = endpoint.kind === "unix" ? LOCAL_MS : REMOTE_MS;
  let late = false;
  const opening = (bound: AbortSignal) =>
    EngineClient.open(endpoint, { apiVersion, signal: bound }).then(async (engine) => {
      // Nobody waits for it any more.
      if (late) await engine[Symbol.asyncDispose]();
      return engine;
    });
  try {
    return await withTimeout(opening, limitMs, { signal, what: "the first answer" });
  } catch (error) {
    late = true;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof EngineConnectionError) return error.reason;
  return errorMessage(error);
}
