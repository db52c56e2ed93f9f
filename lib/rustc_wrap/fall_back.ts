import { InfrastructureError } from "./errors.ts";
import { writeAll } from "./replay.ts";
import type { WrapContext } from "./wrap_context.ts";

/** The name under which cargo's wrapper speaks. */
const SPEAKER = "rustcbuildx";

/**
 * Local rustc steps in where something failed that is not its doing. One line in each build tells
 * so; the settings may forbid it.
 */
export async function fallBack(
  error: unknown,
  context: WrapContext,
  local: () => Promise<number>,
): Promise<number> {
  const { settings, scope, stderr } = context;
  const words = error instanceof Error ? error.message.split("\n")[0]! : String(error);
  context.note(`failed: ${words}`, settings.fallback === "never" ? "error" : "warn");
  // Neither a broken engine nor broken code: a file that cargo has just made is not there, or the
  // disk is full. Local rustc says it in the words that everybody knows.
  if (error instanceof Deno.errors.BrokenPipe) throw error;
  const isOurs = error instanceof InfrastructureError;
  if (!isOurs && !isSystemError(error)) throw error;
  if (settings.fallback === "never") {
    const hint = `RUSTCBUILDX_FALLBACK=infra would compile it here`;
    writeAll(stderr, new TextEncoder().encode(`error: ${SPEAKER}: ${words}; ${hint}\n`));
    return 1;
  }
  if (isOurs && error.lasting) scope.giveUp(words);
  scope.tellOnce("fallback", `warning: ${SPEAKER}: ${words}; compiling here instead`);
  return await local();
}

/** Errors of the system, and no mistakes of ours. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error &&
      Object.values(Deno.errors).some((kind) => error instanceof (kind as typeof Error)) ||
    (error instanceof Error && "code" in error);
}
