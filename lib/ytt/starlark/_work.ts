/**
 * Charges work that happens where no thread is at hand: comparing, hashing and printing values,
 * whose size says nothing of the time they take (`x = [x] * 1000`, five times over).
 *
 * Everything is synchronous, so the thread that checked its limits last is the one that runs; at
 * worst, when threads nest, some work is charged to the inner one.
 */
interface Charged {
  step(count: number): void;
  allocate(bytes: number): void;
}

let active: Charged | undefined;
let pending = 0;

/** Says which thread runs. */
export function setActive(thread: Charged): void {
  active = thread;
}

/** Charges `count` steps, in batches. */
export function work(count: number): void {
  pending += count;
  if (pending < 1024) return;
  const steps = pending;
  pending = 0;
  active?.step(steps);
}

/** Charges for a new string, if it is long. */
export function workOfText(length: number): void {
  if (length > 256) active?.allocate(length);
}

/**
 * Charges the running program for `count` values that a host function makes or visits: a few
 * values can stand for a huge tree, as in `x = [x, x]`, sixty times over.
 *
 * @throws {LimitError} when a limit of the running thread is reached.
 */
export function chargeValues(count: number): void {
  active?.allocate(count * 256);
  active?.step(count);
}

/** Charges for looking through a string, if it is long. */
export function workOfReading(length: number): void {
  if (length > 4096) work(length >> 5);
}
