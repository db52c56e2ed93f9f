import { joinPath, parentOf } from "./_paths.ts";
import type { Artifact, UnitResult } from "./model.ts";

/** Where a result is written to. */
export interface ReplayTarget {
  /** The unit's `--out-dir`. */
  readonly outDir: string;
  /** Standard output. */
  readonly stdout: { writeSync(bytes: Uint8Array): number };
  /** Standard error. */
  readonly stderr: { writeSync(bytes: Uint8Array): number };
  /** Called when all files are there, before anybody is told. */
  readonly written?: () => void;
}

/**
 * Makes a result appear as if the compiler had just run: first all files, each one as a whole, then
 * what it printed. Cargo starts what depends on a unit as soon as a line names its file.
 *
 * Files get the time of now. Older times, though they would be the same each time, make cargo take
 * every crate with a build script for changed, on every build.
 *
 * @param result The result.
 * @param target Where to.
 * @returns The exit code.
 */
export function replay(result: UnitResult, target: ReplayTarget): number {
  writeArtifacts(result.files, target.outDir);
  target.written?.();
  writeAll(target.stderr, result.stderr);
  writeAll(target.stdout, result.stdout);
  return result.code;
}

/**
 * Writes files into a directory. Each is written under another name first, so that a process that
 * is killed leaves no part of one.
 *
 * @param files The files.
 * @param directory The directory, absolute; it is made.
 * @returns The paths.
 */
export function writeArtifacts(files: readonly Artifact[], directory: string): string[] {
  Deno.mkdirSync(directory, { recursive: true });
  const pending: [string, string][] = [];
  try {
    for (const file of files) {
      const path = joinPath(directory, file.path);
      if (file.path.endsWith("/")) {
        Deno.mkdirSync(path, { recursive: true });
        continue;
      }
      if (!path.startsWith(`${directory}/`)) {
        throw new TypeError(`Cannot write ${JSON.stringify(file.path)}: it leads outside`);
      }
      if (file.path.includes("/")) Deno.mkdirSync(parentOf(path), { recursive: true });
      const temporary = `${parentOf(path)}/.rw-${crypto.randomUUID().slice(0, 13)}`;
      pending.push([temporary, path]);
      if (file.target === undefined) {
        Deno.writeFileSync(temporary, file.content, { createNew: true, mode: file.mode });
      } else Deno.symlinkSync(file.target, temporary);
    }
    // All of them are on the disk now: what can fail for want of space has not failed.
    for (const [temporary, path] of pending) Deno.renameSync(temporary, path);
  } catch (error) {
    for (const [temporary] of pending) {
      try {
        Deno.removeSync(temporary);
      } catch {
        // renamed already, or never made
      }
    }
    throw error;
  }
  return pending.map(([, path]) => path);
}

/** Writes all bytes: a pipe takes some of them at a time. */
export function writeAll(
  sink: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): void {
  for (let at = 0; at < bytes.length;) at += sink.writeSync(bytes.subarray(at));
}
