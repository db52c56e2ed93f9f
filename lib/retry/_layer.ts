import { StackedError } from "../errors/mod.ts";

/**
 * Puts a message on what work fails with; the caller's own abort passes through as it is, so that
 * `error === signal.reason` holds however deep it was noticed.
 */
export async function layer<T>(
  message: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (signal?.aborted && cause === signal.reason) throw cause;
    throw new StackedError(message, { cause, location: false });
  }
}
