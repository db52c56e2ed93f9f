import { delay, withTimeout } from "../retry/mod.ts";

/** How long Windows may take to tell of a Ctrl-C. */
const WINDOWS_MS = 15;
/** The answer comes in a millisecond; only a machine that stands still takes longer. */
const LIMIT_MS = 2_000;

/**
 * Waits until signals that have been sent to this program have come to their handlers.
 *
 * A Ctrl-C on the terminal goes to the command that owns it and to this program at once. The command
 * may have ended of it before Deno, which hands signals over through a thread of its own, has told
 * us; a handler that is removed by then is no handler, and the program would end (seen on a busy
 * machine). A signal of our own comes after those that were there before: the kernel gives the
 * smaller number first, and so does that thread.
 */
export async function signalsHaveCome(): Promise<void> {
  if (Deno.build.os === "windows") return await delay(WINDOWS_MS);
  const { promise, resolve } = Promise.withResolvers<void>();
  const listener = () => resolve();
  // Nobody minds it: by default it does nothing, and whoever listens to it draws once more.
  Deno.addSignalListener("SIGWINCH", listener);
  try {
    Deno.kill(Deno.pid, "SIGWINCH");
    await withTimeout(() => promise, LIMIT_MS);
  } catch {
    // without the permission, or without an answer, it is as it would be without this
  } finally {
    Deno.removeSignalListener("SIGWINCH", listener);
  }
}
