import { classify, parseRustc } from "./args.ts";
import { type BuildScope, buildScope } from "./build_scope.ts";
import { nameOf, parentOf } from "./_paths.ts";
import { InfrastructureError } from "./errors.ts";
import { findResult, unitKey, type WorkKey } from "./key.ts";
import type { Env, ResultStore, Settings, Unit, UnitResult } from "./model.ts";
import { findPlace, type Place } from "./place.ts";
import { readSettings } from "./read_settings.ts";
import { recordFiles } from "./records.ts";
import { replay, writeAll } from "./replay.ts";
import { runHere } from "./runners/local.ts";
import { buildScriptFiles } from "./build_script_files.ts";
import { DiskStore } from "./store/disk_store.ts";
import { LayeredStore } from "./store/layered_store.ts";
import { readToolchain, type Toolchain } from "./toolchain.ts";
import { sha256 } from "./sha256.ts";

/** A stream that takes bytes at once. */
export interface SyncSink {
  /** Writes some or all of the bytes. */
  writeSync(bytes: Uint8Array): number;
}

/** What a call of the wrapper works with; everything has a default. */
export interface WrapOptions {
  /** Variables. Default: ours. */
  readonly env?: Env;
  /** Current directory. Default: ours. */
  readonly cwd?: string;
  /** Standard output. Default: ours. */
  readonly stdout?: SyncSink;
  /** Standard error. Default: ours. */
  readonly stderr?: SyncSink;
  /** The process of cargo. Default: our parent. */
  readonly parentPid?: number;
  /** Settings. Default: read from the variables. */
  readonly settings?: Settings;
  /** Where results are kept. Default: the directory of the settings. */
  readonly store?: ResultStore;
  /** Ends the work: what runs in a container is ended too. */
  readonly signal?: AbortSignal;
}

/** Everything that one call has around it. */
export interface WrapContext {
  readonly env: Env;
  readonly cwd: string;
  readonly stdout: SyncSink;
  readonly stderr: SyncSink;
  readonly settings: Settings;
  readonly store: ResultStore;
  readonly scope: BuildScope;
  readonly signal: AbortSignal | undefined;
  /** Writes a line of the trace. */
  readonly note: (text: string) => void;
}

/** The name under which cargo's wrapper speaks. */
const SPEAKER = "rustcbuildx";

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
  const context = openContext(options);
  const unit = parseRustc(call.rest, context.cwd);
  if (unit === undefined) return await runHere(local);
  try {
    return await wrapUnit(unit, call.tool, call.rest, context);
  } finally {
    if (options.store === undefined) await context.store[Symbol.asyncDispose]();
  }
}

/** Fills in the defaults. */
export function openContext(options: WrapOptions): WrapContext {
  const env = options.env ?? Deno.env.toObject();
  const stderr = options.stderr ?? Deno.stderr;
  const settings = options.settings ?? readSettings(env);
  const note = tracer(settings.logPath, stderr);
  const { cacheDir, cacheLimitBytes: limitBytes } = settings;
  const layers = cacheDir === undefined
    ? []
    : [new DiskStore({ directory: `${cacheDir}/store`, limitBytes })];
  return {
    env,
    cwd: options.cwd ?? Deno.cwd(),
    stdout: options.stdout ?? Deno.stdout,
    stderr,
    settings,
    store: options.store ?? new LayeredStore(layers, note),
    scope: buildScope({
      cacheDir,
      parentPid: options.parentPid ?? Deno.ppid,
      say: (text) => writeAll(stderr, new TextEncoder().encode(`${text}\n`)),
    }),
    signal: options.signal,
    note,
  };
}

async function wrapUnit(
  unit: Unit,
  rustc: string,
  words: readonly string[],
  context: WrapContext,
): Promise<number> {
  const { env, cwd, settings, store, signal } = context;
  const local = () => runHere({ program: rustc, args: words, cwd, signal });
  const work: { key?: WorkKey } = {};
  try {
    const toolchain = await readToolchain(rustc, { cacheDir: settings.cacheDir, cwd, signal });
    const place = await placeOf(toolchain, context);
    const key = await unitKey(unit, {
      env,
      setEnvs: settings.setEnvs,
      identity: place.identity,
    });
    work.key = key;
    const found = await findResult(store, key, env, signal);
    if (found !== undefined) {
      context.note(`${unit.id}: hit ${found.key}`);
      return finish(unit, found.result, key, context);
    }
    if (settings.runner === "none") return await local();
    if (settings.runner === "local") {
      const { compileHere } = await import("./compile_here.ts");
      const result = await compileHere({ unit, rustc, words, work: key, context });
      if (result.code === 0) recordUnit(unit, result, key);
      return result.code;
    }
    if (context.scope.givenUp !== undefined && settings.fallback !== "never") return await local();
    const { compileAway } = await import("./compile_away.ts");
    const result = await compileAway({ unit, work: key, place, context });
    if (result.code !== 0 && settings.fallback === "always") return await local();
    return finish(unit, result, key, context);
  } catch (error) {
    signal?.throwIfAborted();
    return await fallBack(error, context, local);
  }
}

/**
 * Local rustc steps in where something failed that is not its doing. One line in each build tells
 * so; the settings may forbid it.
 */
export async function fallBack(
  error: unknown,
  context: WrapContext,
  local: () => Promise<number>,
): Promise<number> {
  const { settings, scope, stderr } = context;
  const words = error instanceof Error ? error.message.split("\n")[0]! : String(error);
  context.note(`failed: ${words}`);
  // Neither a broken engine nor broken code: a file that cargo has just made is not there, or the
  // disk is full. Local rustc says it in the words that everybody knows.
  const isOurs = error instanceof InfrastructureError;
  if (!isOurs && !isSystemError(error)) throw error;
  if (settings.fallback === "never") {
    const hint = `RUSTCBUILDX_FALLBACK=infra would compile it here`;
    writeAll(stderr, new TextEncoder().encode(`error: ${SPEAKER}: ${words}; ${hint}\n`));
    return 1;
  }
  if (isOurs && error.lasting) scope.giveUp(words);
  scope.tellOnce("fallback", `warning: ${SPEAKER}: ${words}; compiling here instead`);
  return await local();
}

/** Errors of the system, and no mistakes of ours. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error &&
      Object.values(Deno.errors).some((kind) => error instanceof (kind as typeof Error)) ||
    (error instanceof Error && "code" in error);
}

/** Finds out where units are compiled, without connecting to anything if that can be helped. */
export async function placeOf(toolchain: Toolchain, context: WrapContext): Promise<Place> {
  const { settings } = context;
  if (settings.runner === "local") {
    const identity = await sha256(JSON.stringify(["here", toolchain.hash, linkerStamp(context)]));
    return { identity, open: () => Promise.reject(new Error("A local compiler is not opened")) };
  }
  return await findPlace(toolchain, context);
}

/** What links here is not part of the toolchain. */
function linkerStamp({ env }: WrapContext): string[] {
  return ["cc", "ld"].map((name) => {
    for (const directory of (env["PATH"] ?? "").split(":")) {
      try {
        const path = Deno.realPathSync(`${directory}/${name}`);
        const { size, mtime } = Deno.statSync(path);
        return `${path} ${size} ${mtime?.getTime()}`;
      } catch {
        // not in this directory
      }
    }
    return "";
  });
}

/** Writes files, remembers them, prints what rustc printed. */
function finish(unit: Unit, result: UnitResult, key: WorkKey, context: WrapContext): number {
  const { settings } = context;
  const files = unit.buildScript && result.code === 0 && settings.runner !== "local"
    ? buildScriptFiles(result.files, unit.outDir)
    : result.files;
  const code = replay({ ...result, files }, {
    outDir: unit.outDir,
    stdout: context.stdout,
    stderr: context.stderr,
    written: () => recordUnit(unit, result, key),
  });
  return code;
}

/** So that whoever needs this unit next knows what it needs, and what is in its files. */
function recordUnit(unit: Unit, result: UnitResult, key: WorkKey): void {
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
    recordFiles(stem, onlyMacro ? [] : key.needed.stems, files);
  } catch {
    // a file that is gone already will be looked at by whoever misses it
  }
}

function tracer(logPath: string | undefined, stderr: SyncSink): (text: string) => void {
  if (logPath === undefined) return () => {};
  return (text) => {
    const line = `${new Date().toISOString()} ${Deno.pid} ${text.replaceAll("\n", "\\n")}\n`;
    try {
      if (logPath === "-") writeAll(stderr, new TextEncoder().encode(line));
      else {
        Deno.mkdirSync(parentOf(logPath), { recursive: true });
        Deno.writeTextFileSync(logPath, line, { append: true });
      }
    } catch {
      // a trace that cannot be written must not end a build
    }
  };
}
