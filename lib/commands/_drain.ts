import type { OutputRecorder } from "./output/output_recorder.ts";

/**
 * A pipe holds 64 KiB, and 1 MiB at most without privileges (/proc/sys/fs/pipe-max-size): what is
 * read beyond that after the program's end came from somebody else.
 */
const PIPE_BYTES = 1024 * 1024;

/** A command that was terminated does not wait longer for a log or a terminal that is stuck. */
const HURRIED_MS = 2_000;

/** Nothing tells whether a pipe will get more, so its silence is measured in steps of this. */
const STEP_MS = 50;

/**
 * Waits for the rest of the output of a program that has ended.
 *
 * Usually both pipes end with it. If something that it left behind keeps them open, reading stops
 * after `drainMs`, as soon as nothing more comes; all that the program itself had printed is read
 * by then, also when a slow log or terminal holds the reading up.
 *
 * @param recorders Both streams.
 * @param consumed Settles when both are read to their ends.
 * @param drainMs How long to wait at least.
 * @param isHurried Whether somebody has terminated the program and wants to be done with it.
 */
export async function drain(
  recorders: readonly OutputRecorder[],
  consumed: Promise<unknown>,
  drainMs: number,
  isHurried: () => boolean,
): Promise<void> {
  const total = () => recorders.reduce((sum, { tail }) => sum + tail.totalBytes, 0);
  const atEnd = total();
  const start = performance.now();
  let before = atEnd;
  let silentSteps = 0;
  let stopped = false;
  while (!await settlesWithin(consumed, Math.min(STEP_MS, drainMs))) {
    const now = total();
    const isSilent = now === before && recorders.every(({ isIdle }) => isIdle);
    before = now;
    // Two steps: after a stall of our own the timer comes before the bytes that waited meanwhile.
    silentSteps = isSilent ? silentSteps + 1 : 0;
    const elapsedMs = performance.now() - start;
    if (isHurried() && elapsedMs > drainMs + HURRIED_MS) return;
    const isTime = elapsedMs >= drainMs;
    if (!stopped && ((isTime && silentSteps >= 2) || now - atEnd > PIPE_BYTES)) {
      stopped = true;
      for (const recorder of recorders) recorder.stop().catch(() => {}); // it may have ended itself
    }
  }
}

async function settlesWithin(work: Promise<unknown>, durationMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), durationMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
