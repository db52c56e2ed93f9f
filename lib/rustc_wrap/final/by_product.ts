import { FileLock } from "../../files/file_lock.ts";
import { writeAtomic } from "../../files/write_atomic.ts";
import type { Unit, UnitResult } from "../model.ts";
import { sha256 } from "../sha256.ts";
import { composeFinal } from "./compose_final.ts";
import { readRecords } from "./read_records.ts";
import type { WrapContext } from "../wrap_context.ts";
import type { RecordedPlan } from "./recording_runner.ts";

/** Several programs of a build are ready at the same time. */
const LOCK_MS = 60_000;

/**
 * Where what is built below a directory of cargo's is written down.
 *
 * @param profileDir `target/debug` or the like.
 */
export function recordDirectory(profileDir: string): string {
  return `${profileDir}/.rustc-wrap-final`;
}

/**
 * Tells whether a result is written down already: one that comes from the store is not, and has to
 * be made once more for it.
 *
 * @param directory Where.
 * @param id The unit.
 * @param result What came out.
 */
export async function isRecorded(
  directory: string,
  id: string,
  result: UnitResult,
): Promise<boolean> {
  let record: RecordedPlan;
  try {
    record = JSON.parse(Deno.readTextFileSync(`${directory}/${id}.json`));
  } catch {
    return false;
  }
  for (const { path, content, target, digest } of result.files) {
    // Lists of files have names of this machine, which are written anew each time.
    if (path.endsWith("/") || path.endsWith(".d") || target !== undefined) continue;
    if (record.made[path] !== (digest ?? await sha256(content))) return false;
  }
  return true;
}

/** How {@linkcode writeByProduct} writes. */
export interface ByProductOptions {
  /** The file, absolute. */
  readonly path: string;
  /** Whether each stage says what it is. */
  readonly comments: boolean;
  /** Whether what no program needs is in it too. */
  readonly everything: boolean;
  /** Whether compilers worked with cargo's own paths, so that what is gone can be told. */
  readonly ownPaths: boolean;
  /** Ends the wait for another program of the build. */
  readonly signal?: AbortSignal;
}

/**
 * Writes the Dockerfile of all programs that have been built below a directory so far.
 *
 * @param directory What was written down.
 * @param options Where to, and how.
 * @returns Files that are in it as they are, since nobody has seen them being made.
 * @throws {TypeError} when there is nothing to write.
 */
export async function writeByProduct(
  directory: string,
  options: ByProductOptions,
): Promise<readonly string[]> {
  const { path, comments, everything, ownPaths, signal } = options;
  const lock = await FileLock.acquire(`${directory}/lock`, {
    parents: true,
    purpose: `writing ${path}`,
    timeoutMs: LOCK_MS,
    signal,
  });
  try {
    const { text, prebuilt } = await composeFinal({
      plans: current(readRecords(directory), ownPaths),
      content: (digest) => Deno.readFileSync(`${directory}/content/${digest}`),
      comments,
      everything,
    });
    await writeAtomic(path, text);
    return prebuilt;
  } finally {
    await lock.release();
  }
}

/**
 * What earlier builds have left is no part of this one: of programs with one name the newest counts,
 * and only what cargo still has.
 */
function current(
  records: readonly { readonly record: RecordedPlan; readonly writtenMs: number }[],
  ownPaths: boolean,
): RecordedPlan[] {
  const newest = new Map<string, number>();
  const nameOf = ({ plan }: RecordedPlan) =>
    plan.kind === "compile" && plan.argv.includes("bin") ? plan.env["CARGO_BIN_NAME"] : undefined;
  for (const { record, writtenMs } of records) {
    const name = nameOf(record);
    if (name !== undefined) newest.set(name, Math.max(newest.get(name) ?? 0, writtenMs));
  }
  return records.filter(({ record, writtenMs }) => {
    const name = nameOf(record);
    const isThere = !ownPaths ||
      Object.keys(record.made).every((file) => exists(`${record.plan.outDir}/${file}`));
    return isThere && (name === undefined || newest.get(name) === writtenMs);
  }).map(({ record }) => record);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * The context of work whose records are wanted.
 *
 * @param context Settings and variables.
 * @param profileDir `target/debug` or the like.
 * @returns The context, and where records are; the context alone where none are wanted.
 */
export function withRecords(
  context: WrapContext,
  profileDir: string,
): { readonly context: WrapContext; readonly records: string | undefined } {
  const { finalPath, runner } = context.settings;
  if (finalPath === undefined || runner === "local" || runner === "none") {
    return { context, records: undefined };
  }
  const records = recordDirectory(profileDir);
  const env = { ...context.env, CARGOGREEN_RECORD_DIR_: records };
  return { context: { ...context, env }, records };
}

/**
 * Writes the file of the settings when a program is ready that the user has asked for.
 *
 * @param unit What was compiled.
 * @param records Where it was written down.
 * @param context Settings.
 */
export async function writeWhenReady(
  unit: Unit,
  records: string | undefined,
  { env, settings, scope, signal, note }: WrapContext,
): Promise<void> {
  const { finalPath, experiments, remap } = settings;
  if (records === undefined || finalPath === undefined) return;
  const everything = experiments.includes("finalpathnonprimary");
  const isProgram = unit.types.join() === "bin" && env["CARGO_BIN_NAME"] !== undefined;
  const isWanted = env["CARGO_PRIMARY_PACKAGE"] !== undefined && !unit.test && !unit.buildScript;
  if (!isWanted || !(isProgram || everything)) return;
  const prebuilt = await writeByProduct(records, {
    path: finalPath,
    comments: experiments.includes("finalpathcomments"),
    everything,
    ownPaths: !remap,
    signal,
  });
  note(`${unit.id}: written to ${finalPath}`);
  if (prebuilt.length > 0) {
    scope.tellOnce(
      "final",
      `warning: rustcbuildx: ${finalPath} has ${prebuilt.length} compiled files in it, as ` +
        `${
          prebuilt[0]!.replace(/^.*\//, "")
        }: cargo had them already; cargo clean has all made anew`,
    );
  }
}
