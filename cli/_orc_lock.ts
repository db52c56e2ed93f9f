import type { FileLock, LockHolder } from "../lib/files/mod.ts";
import { lockRoot } from "../lib/orchestra/installed/root_lock.ts";
import type { OrcContext } from "./_orc_context.ts";

/**
 * Takes a root for a command, and tells for whom it has to wait and what it has to complete first.
 *
 * @param context Log and signal.
 * @param root The root.
 * @param purpose What for, for others who want the root.
 * @returns The lock; dispose of it.
 */
export async function lockForCommand(
  context: OrcContext,
  root: string,
  purpose: string,
): Promise<FileLock> {
  return await lockRoot(root, { purpose, signal: context.signal, ...lockEvents(context) });
}

/** What a command tells while it takes a root. */
export function lockEvents({ log }: OrcContext): {
  readonly onWait: (holder: LockHolder | undefined) => void;
  readonly onRepair: (purpose: string) => void;
} {
  return {
    onWait: (holder) => log("INFO", `Waiting for ${describe(holder)}`),
    onRepair: (what) => log("WARNING", `Completed "${what}", which was interrupted`),
  };
}

function describe(holder: LockHolder | undefined): string {
  if (holder === undefined) return "another process, which uses the root";
  // deno-lint-ignore no-control-regex -- written by whoever had the lock
  const purpose = (holder.purpose ?? "").replace(/[\x00-\x1f\x7f]/g, "?");
  return `process ${holder.pid} (${purpose}), which uses the root`;
}
