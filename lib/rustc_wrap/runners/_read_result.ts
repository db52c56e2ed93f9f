import type { TarReadEntry } from "../../engine/tar/mod.ts";
import { InfrastructureError } from "../errors.ts";
import type { Artifact, UnitResult } from "../model.ts";
import { RESULT_FILES, STATE_FILES } from "../plan.ts";

const NOTHING = new Uint8Array(0);

/**
 * Reads what a plan's last stage has: the files, what was printed, and the exit code.
 *
 * @param id Name of the unit.
 * @param entries The stage's archive.
 * @returns The result.
 * @throws {InfrastructureError} when it is not whole.
 */
export async function readResult(
  id: string,
  entries: AsyncIterable<TarReadEntry>,
): Promise<UnitResult> {
  const files: Artifact[] = [];
  const state: Artifact[] = [];
  const printed = new Map<string, Uint8Array<ArrayBuffer>>();
  for await (const entry of entries) {
    const path = entry.path.replace(/^\.?\//, "");
    const part = [RESULT_FILES, STATE_FILES].find((begin) => path.startsWith(begin));
    if (part !== undefined) {
      const found = part === STATE_FILES ? state : files;
      const name = path.slice(part.length);
      if (entry.kind === "file") {
        const content = await new Response(entry.content).bytes();
        found.push({ path: name, mode: entry.mode ?? 0o644, content });
      } else if (entry.kind === "symlink") {
        found.push({ path: name, mode: 0o777, content: NOTHING, target: entry.target });
      } else if (entry.kind === "directory" && name !== "") {
        const mode = entry.mode ?? 0o755;
        found.push({ path: name.replace(/\/*$/, "/"), mode, content: NOTHING });
      } else if (entry.kind === "hardlink") {
        const first = entry.target.replace(/^\.?\//, "").slice(part.length);
        const same = found.find((file) => file.path === first);
        if (same !== undefined) found.push({ ...same, path: name });
      }
    } else if (entry.kind === "file") printed.set(path, await new Response(entry.content).bytes());
  }
  return assembleResult(id, files, printed, state);
}

/** Puts a result together from its parts. */
export function assembleResult(
  id: string,
  files: readonly Artifact[],
  printed: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  state: readonly Artifact[],
): UnitResult {
  const [stdout, stderr, code] = ["stdout", "stderr", "code"].map((name) => printed.get(name));
  if (stdout === undefined || stderr === undefined || code === undefined) {
    throw new InfrastructureError({ action: `run ${id}`, reason: "its result is not whole" });
  }
  return {
    code: Number(new TextDecoder().decode(code)),
    stdout,
    stderr,
    ...state.length === 0 ? {} : { state },
    files: files.toSorted((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0),
  };
}
