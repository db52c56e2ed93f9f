import { BuildFailedError, BuildUnsupportedError } from "../../engine/build/build_error.ts";
import { EngineUnreachableError } from "../../engine/discovery.ts";
import { EngineApiError, EngineConnectionError, EngineVersionError } from "../../engine/errors.ts";
import { InfrastructureError } from "../errors.ts";

/** Tells failures of the engine and the builder from everything else. */
export function engineFailure(error: unknown): unknown {
  if (error instanceof InfrastructureError) return error;
  if (
    error instanceof EngineUnreachableError || error instanceof EngineConnectionError ||
    error instanceof EngineVersionError || error instanceof BuildUnsupportedError
  ) {
    return new InfrastructureError({
      action: "build with BuildKit",
      reason: oneLine(error),
      lasting: !(error instanceof EngineConnectionError),
    }, { cause: error });
  }
  if (error instanceof BuildFailedError || error instanceof EngineApiError) {
    return new InfrastructureError({ action: "build with BuildKit", reason: oneLine(error) }, {
      cause: error,
    });
  }
  return error;
}

/** The first words of an error that say why: further lines are for those who ask. */
export function oneLine(error: unknown): string {
  if (error instanceof EngineUnreachableError) {
    return error.candidates.map(({ host, reason }) => `${host}: ${reason}`).join("; ");
  }
  if (error instanceof BuildFailedError) {
    const tail = error.logTail.trim().split("\n").at(-1) ?? "";
    // The words of the step itself are pages long.
    const reason = error.reason.replace(/executor failed running \[.*\]: /s, "the step failed: ")
      .split("\n")[0]!.slice(0, 300);
    return tail === "" ? reason : `${reason} (${tail.slice(0, 200)})`;
  }
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}
