import { BuildContextError } from "./build_error.ts";

/** Puts a failure to read a file of a context into a typed error; one that has its type stays. */
export function contextError(path: string, cause: unknown): BuildContextError {
  if (cause instanceof BuildContextError) return cause;
  const reason = cause instanceof Deno.errors.PermissionDenied
    ? "permission denied"
    : cause instanceof Deno.errors.NotFound
    ? "it has gone"
    : cause instanceof Error
    ? cause.message
    : String(cause);
  return new BuildContextError(path, reason, { cause });
}
