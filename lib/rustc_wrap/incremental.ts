import { parentOf } from "./_paths.ts";
import type { Artifact, Settings, Unit } from "./model.ts";
import { writeArtifacts } from "./replay.ts";
import { snapshot, type SnapshotEntry } from "./snapshot.ts";

/**
 * Compiles a unit incrementally where cargo wants that and the settings say so. Each unit has a
 * directory of its own in cargo's: what is sent is then only what that unit can use.
 *
 * @param unit The call.
 * @param settings Where paths are made equal on all machines, there is no state to keep.
 * @returns The unit, with the words for it.
 */
export function withState(
  unit: Unit,
  settings: Pick<Settings, "incremental" | "remap">,
): Unit {
  if (!settings.incremental || settings.remap || unit.incremental === undefined) {
    return { ...unit, incremental: undefined };
  }
  const directory = `${unit.incremental}/${unit.id}`;
  return {
    ...unit,
    incremental: directory,
    argv: [...unit.argv, "-C", `incremental=${directory}`],
  };
}

/** What the last compilation has left. */
export async function stateEntries({ incremental }: Unit): Promise<readonly SnapshotEntry[]> {
  if (incremental === undefined) return [];
  try {
    return await snapshot(incremental);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return []; // the first one
    throw error;
  }
}

/**
 * Keeps what a compilation has left for the next one. It is never needed: what cannot be written is
 * left out.
 *
 * @param unit The call.
 * @param state Files, by path in the unit's directory.
 */
export function keepState({ incremental }: Unit, state: readonly Artifact[] | undefined): void {
  if (incremental === undefined || state === undefined || state.length === 0) return;
  const temporary = `${parentOf(incremental)}/.rw-${crypto.randomUUID().slice(0, 13)}`;
  try {
    writeArtifacts(state, temporary);
    Deno.removeSync(incremental, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return remove(temporary);
  }
  try {
    Deno.renameSync(temporary, incremental);
  } catch {
    remove(temporary);
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // never made
  }
}
