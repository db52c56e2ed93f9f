import { classify, parseRustc } from "./args.ts";
import { nameOf } from "./_paths.ts";
import { isUsable } from "./final/is_usable.ts";
import { fallBack } from "./fall_back.ts";
import { findResult, unitKey, type WorkKey } from "./key.ts";
import type { Unit, UnitResult } from "./model.ts";
import { withState } from "./incremental.ts";
import { placeOf } from "./place.ts";
import { recordFiles } from "./records.ts";
import { replay } from "./replay.ts";
import { runHere } from "./runners/local.ts";
import { locateSource } from "./source.ts";
import { recordScript, unitVisibility } from "./visibility.ts";
import { buildScriptFiles } from "./build_script_files.ts";
import { openContext, type WrapContext, type WrapOptions } from "./wrap_context.ts";
import { type LocalLinker, localLinker } from "./target/local_linker.ts";
import { readToolchain } from "./toolchain.ts";

/**
 * Does what cargo wants of a `RUSTC_WRAPPER`: runs the compiler that the first word names with the
 * other words, from the store where its result is kept, in a container where it is not, and here
 * where neither works.
 *
 * Permissions: `--allow-all`: it starts compilers, and reads and writes wherever cargo says.
 *
 * @param argv The words after the wrapper's name.
 * @param options Variables, directories and streams.
 * @returns The compiler's exit code.
 * @throws {TypeError} when a setting is not valid, or the words name no compiler.
 */
export async function wrap(argv: readonly string[], options: WrapOptions = {}): Promise<number> {
  const call = classify(argv);
  const local = { program: call.tool, args: call.rest, cwd: options.cwd, signal: options.signal };
  if (call.kind === "other") {
    throw new TypeError(`Cannot wrap ${JSON.stringify(call.tool)}: it is no Rust compiler`);
  }
  if (call.kind !== "compile") return await runHere(local);
  const context = await openContext(options);
  const parsed = parseRustc(call.rest, context.cwd);
  if (parsed === undefined) return await runHere(local);
  const unit = withState(parsed, context.settings);
  context.note(`${unit.id}: ${[call.tool, ...call.rest].map(quoted).join(" ")}`, "trace");
  try {
    return await wrapUnit(unit, call.tool, call.rest, context);
  } finally {
    if (options.store === undefined) await context.store[Symbol.asyncDispose]();
  }
}

async function wrapUnit(
  unit: Unit,
  rustc: string,
  words: readonly string[],
  given: WrapContext,
): Promise<number> {
  const { context, records } = given.settings.finalPath === undefined
    ? { context: given, records: undefined }
    : (await import("./final/by_product.ts")).withRecords(given, unit.profileDir);
  const { env, cwd, settings, store, signal } = context;
  let linker: LocalLinker | undefined;
  const local = () => {
    if (linker?.missing !== undefined) {
      context.scope.tellOnce("linker", `warning: rustcbuildx: ${linker.missing}`);
    }
    const args = [...words, ...linker?.words ?? []];
    return runHere({ program: rustc, args, cwd, signal });
  };
  const work: { key?: WorkKey } = {};
  try {
    const { cacheDir } = settings;
    const searchPath = env["PATH"] ?? "";
    const toolchain = await readToolchain(rustc, { cacheDir, cwd, searchPath, signal });
    linker = localLinker(unit, toolchain, searchPath);
    const need = { target: unit.targetTriple, words: unit.argv };
    const place = await placeOf(need, toolchain, context);
    const key = await unitKey(unit, {
      env,
      setEnvs: settings.setEnvs,
      identity: place.identity,
      // A local compiler's files are there for cargo while it still writes.
      ...settings.remap
        ? { remap: { sysroot: toolchain.sysroot, rename: settings.runner !== "local" } }
        : {},
    });
    work.key = key;
    const found = await findResult(store, key, env, signal);
    if (found !== undefined && await isUsable(unit.id, found.result, records)) {
      context.note(`${unit.id}: hit ${found.key}`);
      const code = finish(unit, found.result, key, context, found.public);
      if (code === 0) await writeFinal(unit, records, context);
      return code;
    }
    if (settings.runner === "none") return await local();
    if (settings.runner === "local") {
      const { compileHere } = await import("./compile_here.ts");
      const result = await compileHere({ unit, rustc, linker, work: key, context });
      if (result.code === 0) recordUnit(unit, result, key, isPublic(unit, key, context));
      return result.code;
    }
    if (context.scope.givenUp !== undefined && settings.fallback !== "never") return await local();
    const { compileAway } = await import("./compile_away.ts");
    const result = await compileAway({ unit, work: key, place, context });
    if (result.code !== 0 && settings.fallback === "always") return await local();
    const code = finish(unit, result, key, context, isPublic(unit, key, context));
    if (code === 0) await writeFinal(unit, records, context);
    return code;
  } catch (error) {
    signal?.throwIfAborted();
    return await fallBack(error, context, local);
  }
}

/** A file that cannot be written must not end a build that has gone well. */
async function writeFinal(
  unit: Unit,
  records: string | undefined,
  context: WrapContext,
): Promise<void> {
  if (records === undefined) return;
  const { writeWhenReady } = await import("./final/by_product.ts");
  try {
    await writeWhenReady(unit, records, context);
  } catch (error) {
    context.signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    context.scope.tellOnce(
      "final",
      `warning: rustcbuildx: Cannot write ${context.settings.finalPath}: ${reason}`,
    );
  }
}

function isPublic(unit: Unit, key: WorkKey, { env, settings }: WrapContext): boolean {
  const { targetDir } = key.portable;
  const source = locateSource({ input: unit.input, cwd: unit.cwd, targetDir, env });
  return unitVisibility(unit, key, source, settings) === "public";
}

/** Writes files, remembers them, prints what rustc printed. */
function finish(
  unit: Unit,
  result: UnitResult,
  key: WorkKey,
  context: WrapContext,
  isPublic: boolean,
): number {
  const { settings } = context;
  const files = unit.buildScript && result.code === 0 && settings.runner !== "local"
    ? buildScriptFiles(result.files, unit.outDir)
    : result.files;
  for (const name of ["stdout", "stderr"] as const) {
    if (result[name].length === 0) continue;
    context.note(`${unit.id}: ${name}: ${new TextDecoder().decode(result[name])}`, "trace");
  }
  const code = replay({ ...result, files }, {
    outDir: unit.outDir,
    stdout: context.stdout,
    stderr: context.stderr,
    written: () => recordUnit(unit, result, key, isPublic),
  });
  return code;
}

/** A word as it can be read in a line of others. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word);
}

/** So that whoever needs this unit next knows what it needs, and what is in its files. */
function recordUnit(unit: Unit, result: UnitResult, key: WorkKey, isPublic: boolean): void {
  if (unit.buildScript) return recordScript(key.portable.targetDir, key.env, isPublic);
  const files = result.files.flatMap(({ path, digest }) =>
    digest !== undefined && /^lib[^/]*\.(?:rlib|rmeta|so|dylib)$/.test(path)
      ? [{ path: `${unit.outDir}/${path}`, sha256: digest }]
      : []
  );
  if (files.length === 0) return;
  // What uses a macro has no use for what the macro is made of.
  const onlyMacro = unit.types.join() === "proc-macro";
  const stem = `${unit.outDir}/${nameOf(files[0]!.path).replace(/^lib|\.[^.]*$/g, "")}`;
  try {
    recordFiles(stem, onlyMacro ? [] : key.needed.stems, files, {
      public: isPublic,
      renamed: key.renamed,
    });
  } catch {
    // a file that is gone already will be looked at by whoever misses it
  }
}
