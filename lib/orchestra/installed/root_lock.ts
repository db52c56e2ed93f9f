import { FileLock, type LockHolder } from "../../files/mod.ts";
import { OrchestraError } from "../errors.ts";
import { completeTransaction } from "./complete_transaction.ts";
import { metadataDirectory } from "./metadata.ts";
import { requireRoot } from "./root_view.ts";
import { joinPath } from "../_path.ts";

/** The variable by which scripts, and what they start, know which root is being changed. */
export const LOCKED_ROOT_VARIABLE = "ORCHESTRA_LOCKED_ROOT";

/** How a root is locked. */
export interface RootLockOptions {
  /** What for; others read it while they wait. */
  readonly purpose: string;
  /** How long to wait. Default: for ever. */
  readonly timeoutMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Is called once if somebody else has the lock. */
  readonly onWait?: (holder: LockHolder | undefined) => void;
  /** Is called when an interrupted change has been completed, with what it was. */
  readonly onRepair?: (purpose: string) => void;
  /** Reads environment variables. Default `Deno.env.get`. */
  readonly env?: (name: string) => string | undefined;
}

/**
 * Takes a root for this run alone, makes it if it is not there, and completes the change that an
 * earlier run was interrupted in.
 *
 * Permissions: `--allow-read` and `--allow-write` of the root, `--allow-env` of
 * `ORCHESTRA_LOCKED_ROOT`.
 *
 * @param root The root.
 * @param options What for.
 * @returns The lock; dispose of it to let others have the root.
 * @throws {OrchestraError} when the root is no directory, or a script of the run that has the lock asks for it, and would wait
 * for itself.
 * @throws {LockTimeoutError} when somebody else keeps the root for longer than `timeoutMs`.
 */
export async function lockRoot(root: string, options: RootLockOptions): Promise<FileLock> {
  const { onRepair, env = (name: string) => Deno.env.get(name), ...lockOptions } = options;
  await requireRoot(root);
  await Deno.mkdir(metadataDirectory(root), { recursive: true });
  if (env(LOCKED_ROOT_VARIABLE) === await Deno.realPath(root)) {
    throw new OrchestraError(
      `Cannot ${options.purpose}: this runs in a script of a command that has locked ` +
        JSON.stringify(root),
    );
  }
  const lock = await FileLock.acquire(lockPath(root), lockOptions);
  try {
    const purpose = await completeTransaction(root);
    if (purpose !== undefined) onRepair?.(purpose);
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * The file by which a root is locked.
 *
 * @param root The root.
 * @returns Its path.
 */
export function lockPath(root: string): string {
  return joinPath(metadataDirectory(root), ".lock");
}
