import { isBelow, joinPath, nameOf, parentOf } from "./_paths.ts";
import { containerEnv, isSecret, NEVER } from "./container_env.ts";
import { InfrastructureError } from "./errors.ts";
import { holdJobs } from "./job_tokens.ts";
import { findResult, keepResult, pathDigest } from "./key.ts";
import type { Env, RunnerResult, Source, UnitResult } from "./model.ts";
import { type Place, placeOf } from "./place.ts";
import { makePlan } from "./plan.ts";
import { type Portable, targetDirOf } from "./portable.ts";
import { keptEntries, scriptPaths } from "./remap/script_paths.ts";
import { directoryDigest } from "./records.ts";
import { writeAll, writeArtifacts } from "./replay.ts";
import { runHere } from "./runners/local.ts";
import { sha256 } from "./sha256.ts";
import { digestOf, snapshot, SNAPSHOT_MTIME_SECONDS, type SnapshotEntry } from "./snapshot.ts";
import { locateSource } from "./source.ts";
import { readSources, type SourceFiles } from "./source_files.ts";
import { readToolchain } from "./toolchain.ts";
import { scriptStems, visibilityOf } from "./visibility.ts";
import { isUsable } from "./final/is_usable.ts";
import { fallBack } from "./fall_back.ts";
import { openContext, type WrapContext, type WrapOptions } from "./wrap_context.ts";

/** One run of a build script. */
interface ScriptJob {
  /** The compiled script. */
  readonly real: string;
  /** As cargo calls it. */
  readonly program: string;
  readonly outDir: string;
  readonly place: Place;
  readonly context: WrapContext;
  readonly source: Source;
  readonly portable: Portable;
  /** Directories of other build scripts that variables name. */
  readonly directories: readonly string[];
  readonly env: Env;
  /** The package and what else is sent. */
  readonly sources: SourceFiles;
  readonly key: string;
  readonly placeKey?: string;
}

/** How often variables are added that the script says it looks at. */
const MAX_ROUNDS = 3;

/**
 * Runs a compiled build script: its result comes from the store, or it runs in a container with the
 * package's sources and without network, or here where the settings say so.
 *
 * What it leaves in `OUT_DIR` and what it prints is the result. It starts with an empty `OUT_DIR`.
 *
 * @param words The compiled script, and what cargo calls it.
 * @param options As for the wrapper.
 * @returns The script's exit code.
 */
export async function runBuildScript(
  words: readonly string[],
  options: WrapOptions = {},
): Promise<number> {
  const [real, program = real] = words;
  if (real === undefined || program === undefined) {
    throw new TypeError("Cannot run a build script: none is named");
  }
  const opened = await openContext(options);
  const { context, records } = await recording(opened);
  const { env, cwd, settings, signal } = context;
  const local = () => runHere({ program: real, args: [], cwd, signal });
  const outDir = env["OUT_DIR"];
  const here = !settings.sandboxBuildScripts || settings.runner === "local" ||
    outDir === undefined;
  try {
    if (here) return await local();
    const job = await prepare(real, joinPath(cwd, program), joinPath(cwd, outDir), context);
    const found = await findResult(context.store, job, env, signal);
    if (found !== undefined && await isUsable(idOf(job), found.result, records)) {
      context.note(`${idOf(job)}: hit ${found.key}`);
      return finish(job, found.result);
    }
    const gaveUp = context.scope.givenUp !== undefined && settings.fallback !== "never";
    if (settings.runner === "none" || gaveUp) return await local();
    const result = await runAway(job);
    if (result.code !== 0 && settings.fallback === "always") return await local();
    return finish(job, result);
  } catch (error) {
    signal?.throwIfAborted();
    return await fallBack(error, context, local);
  } finally {
    await context.store[Symbol.asyncDispose]();
  }
}

async function recording(
  context: WrapContext,
): Promise<{ readonly context: WrapContext; readonly records: string | undefined }> {
  const outDir = context.env["OUT_DIR"];
  if (context.settings.finalPath === undefined || outDir === undefined) {
    return { context, records: undefined };
  }
  const profileDir = parentOf(parentOf(parentOf(joinPath(context.cwd, outDir))));
  return (await import("./final/by_product.ts")).withRecords(context, profileDir);
}

function idOf({ outDir }: Pick<ScriptJob, "outDir">): string {
  return `run-${nameOf(parentOf(outDir))}`;
}

async function prepare(
  real: string,
  program: string,
  outDir: string,
  context: WrapContext,
): Promise<ScriptJob> {
  const { env, cwd, settings, signal } = context;
  const toolchain = await readToolchain(env["RUSTC"] ?? "rustc", {
    cacheDir: settings.cacheDir,
    cwd,
    searchPath: env["PATH"] ?? "",
    signal,
  });
  // It may compile C code for the target, with the linker and flags of that.
  const flags = env["CARGO_ENCODED_RUSTFLAGS"] ?? "";
  const linker = env["RUSTC_LINKER"];
  const need = {
    target: env["TARGET"],
    words: [
      ...flags === "" ? [] : flags.split("\x1f"),
      ...linker === undefined ? [] : ["-C", `linker=${linker}`],
    ],
  };
  const place = await placeOf(need, toolchain, context);
  const targetDir = targetDirOf(parentOf(parentOf(parentOf(outDir))), env["TARGET"]);
  const source = locateSource({
    input: `${env["CARGO_MANIFEST_DIR"] ?? cwd}/build.rs`,
    // A member does not know its workspace when it runs; its target directory mostly is in it.
    cwd: workspaceOf(cwd, targetDir),
    targetDir,
    env,
  });
  const { remap } = settings;
  const portable = scriptPaths({ remap, source, targetDir, sysroot: toolchain.sysroot, env });
  const variables = containerEnv(env, "build-script", settings.setEnvs);
  const directories = new Set<string>();
  for (const value of Object.values(variables)) {
    for (
      const [, path] of value.matchAll(/(\/[^\s:;=,]*\/build\/[^/\s:;=,]+\/out)(?=\/|$|[\s:;,])/g)
    ) {
      const directory = joinPath("/", path!);
      if (directory !== outDir) directories.add(directory);
    }
  }
  const sources = await readSources(source, {
    targetDir,
    known: [],
    signal,
  });
  // What a script reads without telling anybody counts as long as it is in its own package.
  const own = sources.entries.filter(({ entry }) => isBelow(`/${entry.path}`, source.packageDir));
  const key = await sha256(JSON.stringify([
    "build-script",
    place.identity,
    await pathDigest(real) ?? null,
    // The name of its directory has cargo's digits, which may come from a path.
    remap ? nameOf(program) : portable.away(program),
    portable.away(cwd),
    Object.entries(variables).map(([name, value]) => [name, portable.away(value)]),
    await digestOf(keptEntries(own, portable)),
    await Promise.all(
      [...directories].sort().map(async (path) =>
        [portable.away(path), await directoryDigest(path)] as const
      ),
    ),
  ]));
  return {
    real,
    program,
    outDir,
    place,
    context,
    source,
    portable,
    directories: [...directories].sort(),
    env: variables,
    sources,
    key,
    ...portable.place === undefined
      ? {}
      : { placeKey: await sha256(JSON.stringify([key, portable.place])) },
  };
}

function workspaceOf(packageDir: string, targetDir: string): string {
  const workspace = parentOf(targetDir);
  return isBelow(packageDir, workspace) && isFile(`${workspace}/Cargo.toml`)
    ? workspace
    : packageDir;
}

async function runAway(job: ScriptJob): Promise<RunnerResult> {
  const { context, outDir, portable } = job;
  const { env, settings, signal, note } = context;
  const { base, runner } = await job.place.open();
  await using _runner = runner;
  const held = await holdJobs(env, Number(env["NUM_JOBS"] ?? 1));
  using _held = { [Symbol.dispose]: held.release };
  // It changes what a script says when it fails, and nothing that is kept.
  const { RUST_BACKTRACE } = env;
  let variables: Env = RUST_BACKTRACE === undefined ? job.env : { ...job.env, RUST_BACKTRACE };
  for (let round = 1;; round++) {
    const plan = await makePlan({
      id: idOf(job),
      kind: "build-script",
      base,
      argv: [job.program],
      // A name alone where the image has the compiler at another place.
      env: base.rustc.startsWith("/") || variables["RUSTC"] === undefined
        ? variables
        : { ...variables, RUSTC: base.rustc, RUSTDOC: "rustdoc" },
      cwd: context.cwd,
      outDir,
      roots: [portable.targetDir, ...job.sources.roots, ...job.directories],
      entries: [
        ...job.sources.entries,
        ...(await Promise.all(job.directories.map((path) => snapshot(path)))).flat(),
        await programEntry(job),
      ],
      network: settings.network,
    });
    const result = await runner.run(plan, { signal, jobs: held.jobs });
    note(
      `${plan.id}: ${result.ran ? "ran" : "cached by the builder"}, code ${result.code}, ` +
        `${result.sentBytes} bytes sent, plan ${plan.digest.slice(0, 16)}`,
    );
    const asked = directives(result.stdout, "rerun-if-env-changed")
      .filter((name) => !NEVER.has(name) && !isSecret(name));
    const unknown = asked.filter((name) => name in env && !(name in variables));
    if (unknown.length > 0 && round < MAX_ROUNDS) {
      note(`${plan.id}: again with ${unknown.join(", ")}`);
      const all: Record<string, string> = { ...variables };
      for (const name of unknown) all[name] = env[name]!;
      variables = Object.fromEntries(Object.keys(all).sort().map((name) => [name, all[name]!]));
      continue;
    }
    if (result.code !== 0) {
      requireLoader(result, base.image);
      return withHint(result, base.image);
    }
    await keep(job, result, asked, variables);
    return result;
  }
}

/** The image of a target may be older than the one that the script was linked in. */
function requireLoader({ stderr }: RunnerResult, image: string): void {
  const found = /version `\w+_[\d.]+' not found/.exec(new TextDecoder().decode(stderr));
  if (found === null) return;
  throw new InfrastructureError({
    action: `run build scripts in the image ${image}`,
    reason: `its C library is older than that of the image of this machine: ${found[0]}`,
  });
}

async function programEntry({ real, program }: ScriptJob): Promise<SnapshotEntry> {
  const content = Deno.readFileSync(real);
  return {
    entry: {
      kind: "file",
      path: program.slice(1),
      content,
      mode: 0o755,
      mtimeSeconds: SNAPSHOT_MTIME_SECONDS,
    },
    digest: await sha256(content),
  };
}

async function keep(
  job: ScriptJob,
  result: UnitResult,
  asked: readonly string[],
  variables: Env,
): Promise<void> {
  const { context, source } = job;
  const files = new Map<string, string>();
  for (const name of directives(result.stdout, "rerun-if-changed")) {
    const path = joinPath(context.cwd, name);
    // The whole package is in the key.
    if (isBelow(path, source.packageDir) || isBelow(path, job.portable.targetDir)) continue;
    const digest = await pathDigest(path);
    if (digest !== undefined) files.set(path, digest);
  }
  const env = Object.fromEntries(
    asked.map((name) => [name, variables[name] ?? null] as const),
  );
  await keepResult(context.store, job, result, { files, env }, {
    visibility: visibilityOf(
      source,
      context.settings,
      scriptStems(job.portable.targetDir, job.env, job.directories),
    ),
    label: idOf(job),
    signal: context.signal,
  });
}

function directives(stdout: Uint8Array, name: string): string[] {
  const text = new TextDecoder().decode(stdout);
  return [...text.matchAll(new RegExp(`^cargo::?${name}=(.*?)\\r?$`, "gm"))].map(([, value]) =>
    value!
  );
}

function withHint(result: RunnerResult, image: string): RunnerResult {
  const hint = new TextEncoder().encode(
    `note: this build script ran in the image ${image}, without network; ` +
      `RUSTCBUILDX_ADD_APT=… puts Debian packages into the image, and ` +
      `RUSTCBUILDX_BUILD_SCRIPTS=local runs it here\n`,
  );
  const stderr = new Uint8Array(result.stderr.length + hint.length);
  stderr.set(result.stderr);
  stderr.set(hint, result.stderr.length);
  return { ...result, stderr };
}

/** Cargo keeps what earlier runs left in `OUT_DIR`; a result is only what this one made. */
function finish({ outDir, context }: ScriptJob, result: UnitResult): number {
  if (result.code === 0) {
    Deno.mkdirSync(outDir, { recursive: true });
    for (const { name } of Deno.readDirSync(outDir)) {
      Deno.removeSync(`${outDir}/${name}`, { recursive: true });
    }
    writeArtifacts(result.files, outDir);
  }
  writeAll(context.stderr, result.stderr);
  writeAll(context.stdout, result.stdout);
  return result.code;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
