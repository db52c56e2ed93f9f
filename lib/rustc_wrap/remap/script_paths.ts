import type { Env, Source } from "../model.ts";
import { type Portable, PortablePaths } from "../portable.ts";
import type { SnapshotEntry } from "../snapshot.ts";
import { RemapPaths } from "./remap_paths.ts";
import { remapRoots } from "./roots.ts";

/** What a build script knows of directories. */
export interface ScriptPathsQuestion {
  /** Whether paths are made equal on all machines. */
  readonly remap: boolean;
  /** The package. */
  readonly source: Source;
  /** Where cargo puts what it makes. */
  readonly targetDir: string;
  /** The compiler's directory. */
  readonly sysroot: string;
  /** Variables of the call. */
  readonly env: Env;
}

/**
 * Chooses how the texts of a build script are made independent of this machine's directories.
 *
 * @param question The script's directories.
 * @returns Paths of the target directory alone, or of all directories.
 */
export function scriptPaths(question: ScriptPathsQuestion): Portable {
  const { remap, targetDir } = question;
  const roots = remap ? remapRoots({ ...question, inPackage: true }) : undefined;
  return roots === undefined ? new PortablePaths(targetDir) : new RemapPaths(targetDir, roots);
}

/** Entries with the paths that count for keys. */
export function keptEntries(
  entries: readonly SnapshotEntry[],
  portable: Portable,
): readonly SnapshotEntry[] {
  return entries.map(({ entry, digest }) => ({
    entry: { ...entry, path: portable.entryPath(entry.path) },
    digest,
  }));
}
