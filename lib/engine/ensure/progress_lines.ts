import type { EngineProgress } from "./ensure_engine.ts";

/** Writes what `ensureEngine()` does, see {@linkcode progressLines}. */
export interface ProgressLines {
  /** Takes what `ensureEngine()` tells. */
  readonly onProgress: (progress: EngineProgress) => void;
  /** Ends a line that a failure has cut short. */
  readonly end: () => void;
}

/**
 * Turns what `ensureEngine()` tells into one line for each step: what is done is there at once, and
 * how long it took follows at its end, as in `Starting dockerd on unix:///…: 0.4 s`.
 *
 * @param write Takes pieces of text, for example to standard error.
 * @returns The two functions to call.
 * @example
 * ```ts
 * import { progressLines } from "@superorch/superorch/engine/ensure";
 *
 * let text = "";
 * const lines = progressLines((piece) => text += piece);
 * lines.onProgress({ state: "begin", message: "Starting dockerd", durationMs: 0 });
 * lines.onProgress({ state: "done", message: "Starting dockerd", durationMs: 420 });
 * lines.end();
 * console.log(text === "Starting dockerd: 0.4 s\n"); // true
 * ```
 */
export function progressLines(write: (text: string) => void): ProgressLines {
  let open = false;
  const end = () => {
    if (open) write("\n");
    open = false;
  };
  return {
    end,
    onProgress: ({ state, message, durationMs }) => {
      if (state === "done") {
        write(`${open ? "" : `${message}: `}${(durationMs / 1000).toFixed(1)} s\n`);
        open = false;
        return;
      }
      end();
      write(state === "begin" ? `${message}: ` : `${message}\n`);
      open = state === "begin";
    },
  };
}
