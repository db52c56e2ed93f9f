import { FileLock, LockTimeoutError } from "../../files/mod.ts";
import { EngineSetupError } from "./engine_setup_error.ts";
import type { EnginePaths } from "./_paths.ts";
import { rootMessage } from "./_words.ts";

/** Keeps two callers from setting up or stopping the engine of one state directory at once. */
export async function lockEngine(
  paths: EnginePaths,
  options: {
    readonly purpose: string;
    readonly timeoutMs: number;
    readonly onWait: (who: string) => void;
    readonly signal?: AbortSignal;
  },
): Promise<FileLock> {
  try {
    return await FileLock.acquire(paths.lock, {
      purpose: options.purpose,
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      parents: true,
      onWait: (holder) =>
        options.onWait(holder === undefined ? "another process" : `process ${holder.pid}`),
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new EngineSetupError(
      error instanceof LockTimeoutError
        ? { step: "lock", problem: error.message, hint: "wait for it to end and try again" }
        : {
          step: "state",
          problem: `Cannot lock ${JSON.stringify(paths.lock)}: ${rootMessage(error)}`,
          hint: "set XDG_STATE_HOME to a directory that this user may write to",
        },
    );
  }
}
