import { compileUnit } from "./compile.ts";
import { compileJobs, holdJobs } from "./job_tokens.ts";
import type { WorkKey } from "./key.ts";
import type { RunnerResult, Unit } from "./model.ts";
import { sha256 } from "./sha256.ts";
import { locateSource } from "./source.ts";
import type { Place } from "./place.ts";
import type { WrapContext } from "./wrap_context.ts";

/** A unit that is compiled in a container. */
export interface AwayJob {
  /** The call. */
  readonly unit: Unit;
  /** Its key. */
  readonly work: WorkKey;
  /** Where. */
  readonly place: Place;
  /** Everything around. */
  readonly context: WrapContext;
}

/**
 * Compiles a unit in a container, keeps the result, and closes all connections.
 *
 * @param job The unit.
 * @returns The result, with the digests of its files.
 * @throws {InfrastructureError} when that does not work.
 */
export async function compileAway({ unit, work, place, context }: AwayJob): Promise<RunnerResult> {
  const { env, settings, store, signal, note } = context;
  const { base, runner } = await place.open();
  await using _runner = runner;
  const held = await holdJobs(env, compileJobs(unit.argv, unit.emit));
  using _held = { [Symbol.dispose]: held.release };
  const result = await compileUnit({
    unit,
    work,
    base,
    linker: place.linker,
    jobs: held.jobs,
    runner,
    source: locateSource({
      input: unit.input,
      cwd: unit.cwd,
      targetDir: work.portable.targetDir,
      env,
    }),
    env,
    settings,
    store,
    onNote: note,
    signal,
  });
  const files = await Promise.all(
    result.files.map(async (file) => ({ ...file, digest: await sha256(file.content) })),
  );
  return { ...result, files };
}
