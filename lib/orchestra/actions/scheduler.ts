/** Something to be done after other things. */
export interface Task {
  /** Unique. */
  readonly id: string;
  /** What must have been done before; ids that are not among the tasks count as done. */
  readonly after: readonly string[];
  /** Does it. */
  readonly run: () => Promise<void>;
}

/** How tasks are run. */
export interface ScheduleOptions {
  /** So many at a time. */
  readonly jobs: number;
  /** After a failure, go on with what does not need what failed. Default `false`. */
  readonly keepGoing?: boolean;
  /** Ends running tasks and starts no others. */
  readonly signal?: AbortSignal;
}

/** How the tasks have ended. */
export interface ScheduleResult {
  /** Ids of those that were done. */
  readonly done: readonly string[];
  /** Those that failed, in the order of their failures. */
  readonly failed: readonly { readonly id: string; readonly error: unknown }[];
  /** Ids of those that were not tried. */
  readonly skipped: readonly string[];
}

/**
 * Runs tasks in the order in which they are given, as many at a time as wanted, each when what it
 * needs is done. After a failure running tasks are waited for and no others are started, or only
 * those that do not need it.
 *
 * @param tasks The tasks, each after those that it needs.
 * @param options How many at a time, and what comes of a failure.
 * @returns How they ended.
 * @throws {unknown} the signal's reason when it is aborted, after the running ones have ended.
 */
export async function schedule(
  tasks: readonly Task[],
  { jobs, keepGoing = false, signal }: ScheduleOptions,
): Promise<ScheduleResult> {
  const all = new Set(tasks.map(({ id }) => id));
  const done = new Set<string>();
  const failed: { id: string; error: unknown }[] = [];
  const waiting = new Set(tasks);
  const running = new Set<Promise<void>>();
  const isReady = (task: Task) => task.after.every((id) => done.has(id) || !all.has(id));
  while (true) {
    const mayStart = !signal?.aborted && (keepGoing || failed.length === 0);
    for (const task of mayStart ? waiting : []) {
      if (running.size >= jobs) break;
      if (!isReady(task)) continue;
      waiting.delete(task);
      const run = task.run().then(
        () => void done.add(task.id),
        (error) => void failed.push({ id: task.id, error }),
      ).finally(() => running.delete(run));
      running.add(run);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  signal?.throwIfAborted();
  return { done: [...done], failed, skipped: [...waiting].map(({ id }) => id) };
}
