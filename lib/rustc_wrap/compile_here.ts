import { joinPath } from "./_paths.ts";
import { parseDepInfo } from "./dep_info.ts";
import { keepResult, pathDigest, type WorkKey } from "./key.ts";
import type { Unit, UnitResult } from "./model.ts";
import { runAndKeep } from "./runners/local.ts";
import { sha256 } from "./sha256.ts";
import type { LocalLinker } from "./target/local_linker.ts";
import type { WrapContext } from "./wrap_context.ts";
import { locateSource } from "./source.ts";
import { unitVisibility } from "./visibility.ts";

/** A unit that this machine compiles. */
export interface LocalJob {
  /** The call. */
  readonly unit: Unit;
  /** The compiler. */
  readonly rustc: string;
  /** What links for another target. */
  readonly linker: LocalLinker;
  /** Its key. */
  readonly work: WorkKey;
  /** Everything around. */
  readonly context: WrapContext;
}

/**
 * Compiles a unit with this machine's own compiler, and keeps the result.
 *
 * @param job The unit.
 * @returns The result; it has been printed, and its files are where they belong.
 */
export async function compileHere(job: LocalJob): Promise<UnitResult> {
  const { unit, rustc, linker, work, context } = job;
  const { cwd, signal, store, env } = context;
  const args = [...work.argv, ...linker.words];
  const ran = await runAndKeep(unit, { program: rustc, args, cwd, signal }, {
    stdout: context.stdout,
    stderr: context.stderr,
    rewrite: unit.argv === work.argv ? undefined : (line) => work.portable.back(line),
  });
  if (ran.code !== 0) return ran;
  const files = await Promise.all(
    ran.files.map(async (file) => ({ ...file, digest: await sha256(file.content) })),
  );
  const result = { ...ran, files };
  const list = files.find(({ path }) => path.endsWith(".d"));
  if (list === undefined) return result;
  const dependencies = parseDepInfo(new TextDecoder().decode(list.content));
  const inputs = new Map<string, string>();
  for (const file of dependencies.files) {
    const path = joinPath(unit.cwd, file);
    const digest = await pathDigest(path);
    // A file that has gone meanwhile: nobody could say what the result belongs to.
    if (digest === undefined) return result;
    inputs.set(path, digest);
  }
  const read = [...inputs.keys()];
  const source = locateSource({
    input: unit.input,
    cwd,
    targetDir: work.portable.targetDir,
    env,
  });
  await keepResult(store, work, result, { files: inputs, env: dependencies.env, read }, {
    visibility: unitVisibility(unit, work, source, context.settings),
    label: unit.id,
    signal,
  });
  context.note(`${unit.id}: compiled here`);
  return result;
}
