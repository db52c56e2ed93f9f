import { isBelow, joinPath, parentOf } from "./_paths.ts";
import { isSecret, NEVER } from "./container_env.ts";
import { type DepInfo, parseDepInfo } from "./dep_info.ts";
import { InfrastructureError } from "./errors.ts";
import { inputsOf, keepResult, pathDigest, type WorkKey } from "./key.ts";
import type {
  Base,
  Env,
  PlanLinker,
  ResultStore,
  Runner,
  RunnerResult,
  Settings,
  Source,
  Unit,
} from "./model.ts";
import { makePlan } from "./plan.ts";
import { keepState, stateEntries } from "./incremental.ts";
import { namesDigest, snapshot, SNAPSHOT_MTIME_SECONDS, type SnapshotEntry } from "./snapshot.ts";
import { readSources } from "./source_files.ts";
import type { Note } from "./trace.ts";
import { unitVisibility } from "./visibility.ts";

/** Everything that compiling a unit somewhere else needs. */
export interface CompileJob {
  /** The call. */
  readonly unit: Unit;
  /** Its key and what that was made of. */
  readonly work: WorkKey;
  /** Its sources. */
  readonly source: Source;
  /** Image and toolchain. */
  readonly base: Base;
  /** What links for another target there. */
  readonly linker: PlanLinker | undefined;
  /** How much rustc may do at a time; `undefined`: what it likes. */
  readonly jobs: number | undefined;
  /** Variables of the call. */
  readonly env: Env;
  /** What the user wants. */
  readonly settings: Settings;
  /** Who compiles. */
  readonly runner: Runner;
  /** Where the result is kept. */
  readonly store: ResultStore;
  /** Takes lines for the trace. */
  readonly onNote: Note;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** How often files that the compiler missed are sent after all. */
const MAX_ROUNDS = 8;
/** The machine that compiles is out of something: the code cannot be blamed for it. */
const EXHAUSTED =
  /No space left on device|Cannot allocate memory|Resource temporarily unavailable|Disk quota exceeded|Read-only file system/;
/** What the image has is not what is here. */
const LINKING = /linker `[^`]*` not found|linking with `[^`]*` failed/;

/**
 * Compiles a unit with a runner, and keeps the result.
 *
 * What the compiler needs is not known before it has run: it gets the whole package or workspace;
 * what it then complains to be missing, and is here, is sent too; variables that the code was seen
 * to ask for, and are set here, are passed.
 *
 * @param job The unit and everything around it.
 * @returns The result, as the runner gave it.
 * @throws {InfrastructureError} when it could not be compiled for reasons that are not its own.
 */
export async function compileUnit(job: CompileJob): Promise<RunnerResult> {
  const { unit, work, env, store, signal } = job;
  const sources = await readSources(job.source, {
    targetDir: work.portable.targetDir,
    known: await knownFiles(job),
    scanFrom: unit.input,
    signal,
  });
  const further = new Set<string>();
  for (const list of await inputsOf(store, work, { signal })) {
    for (const name of Object.keys(list.env)) further.add(name);
  }
  let variables = withFurther(work.env, env, further);
  for (let round = 1;; round++) {
    const result = work.portable.received(
      await runOnce(job, variables, sources.roots, sources.entries),
    );
    const text = new TextDecoder().decode(result.stderr);
    const shown = shownFiles(text, job).filter((path) => !sources.has(path));
    if (result.code === 0) {
      const dependencies = depInfoOf(result);
      const unknown = Object.keys(dependencies?.env ?? {}).filter((name) =>
        !(name in variables) && name in env && isPassable(name)
      );
      if ((unknown.length > 0 || shown.length > 0) && round < MAX_ROUNDS) {
        job.onNote(`${unit.id}: again with ${[...unknown, ...shown].join(", ")}`, "debug");
        for (const name of unknown) further.add(name);
        variables = withFurther(work.env, env, further);
        for (const path of shown) await sources.add(path);
        continue;
      }
      keepState(unit, result.state);
      await keep(job, result, dependencies, variables, sources.entries);
      return result;
    }
    const unset = [...text.matchAll(/environment variable `(\w+)` not defined at compile time/g)]
      .map(([, name]) => name!)
      .filter((name) => name in env && !(name in variables) && isPassable(name));
    const missing = missingFiles(text, unit.cwd).filter((path) => !sources.has(path));
    missing.push(...shown.filter((path) => !missing.includes(path)));
    if (round === MAX_ROUNDS || (unset.length === 0 && missing.length === 0)) {
      if (LINKING.test(text)) {
        throw new InfrastructureError({
          action: `link ${unit.id}`,
          reason: `the image ${job.base.image} lacks something: ${firstComplaint(text)}`,
        });
      }
      return result;
    }
    job.onNote(`${unit.id}: again with ${[...unset, ...missing].join(", ")}`, "debug");
    for (const name of unset) further.add(name);
    variables = withFurther(work.env, env, further);
    const before = sources.entries.length;
    for (const path of missing) await sources.add(path);
    // A file that cannot be read here either is not to be had.
    if (unset.length === 0 && sources.entries.length === before) return result;
  }
}

/** Even when the code asks for it. */
function isPassable(name: string): boolean {
  return !UNPASSABLE.has(name) && !isSecret(name);
}

/** The container would not work with ours. */
const UNPASSABLE: ReadonlySet<string> = new Set(
  [...NEVER].filter((name) =>
    !["HOME", "PWD", "TERM", "RUSTUP_TOOLCHAIN", "RUSTUP_HOME"].includes(name)
  ),
);

function withFurther(known: Env, env: Env, further: ReadonlySet<string>): Env {
  const names = [...further].filter((name) => name in env && isPassable(name));
  if (names.length === 0) return known;
  const added = Object.fromEntries(names.map((name) => [name, env[name]!]));
  const all: Record<string, string> = { ...known, ...added };
  return Object.fromEntries(Object.keys(all).sort().map((name) => [name, all[name]!]));
}

async function runOnce(
  job: CompileJob,
  env: Env,
  sourceRoots: readonly string[],
  sources: readonly SnapshotEntry[],
): Promise<RunnerResult> {
  const { unit, work, base, settings, runner, signal } = job;
  const { targetDir } = work.portable;
  const directories = await Promise.all(
    work.directories.map((path) => snapshotIfThere(path)),
  );
  if (
    ![...sourceRoots, targetDir].some((root) => isBelow(unit.cwd, root) || isBelow(root, unit.cwd))
  ) {
    throw new InfrastructureError({
      action: `compile in ${JSON.stringify(unit.cwd)}`,
      reason: "none of the sources is in it; is the workspace reached through a symbolic link?",
    });
  }
  const made = await makePlan({
    id: unit.id,
    kind: "compile",
    base,
    argv: [base.rustc, ...work.argv],
    env,
    cwd: unit.cwd,
    outDir: unit.outDir,
    roots: [
      targetDir,
      ...sourceRoots,
      ...work.directories,
      ...work.needed.files.map(({ path }) => parentOf(path)),
      ...crossed(unit.argv),
    ],
    entries: [
      ...sources,
      ...directories.flat(),
      ...await stateEntries(unit),
      ...work.needed.files.map(({ path, digest }): SnapshotEntry => ({
        entry: {
          kind: "file",
          path: path.slice(1),
          content: { hostPath: path },
          mode: path.endsWith(".so") ? 0o755 : 0o644,
          mtimeSeconds: SNAPSHOT_MTIME_SECONDS,
        },
        digest,
      })),
    ],
    network: settings.network,
    // Only where it is used: everything else comes from the builder's cache whatever links.
    ...unit.links && job.linker !== undefined ? { linker: job.linker } : {},
  });
  const plan = unit.incremental === undefined ? made : { ...made, state: unit.incremental };
  const { jobs } = job;
  const isPublic = unitVisibility(unit, work, job.source, settings) === "public";
  let result = await runner.run(plan, { isPublic, signal, jobs });
  job.onNote(
    `${unit.id}: ${result.ran ? "ran" : "cached by the builder"}, code ${result.code}, ` +
      `${result.sentBytes} bytes sent, plan ${plan.digest.slice(0, 16)}`,
  );
  if (result.code === 126 || result.code === 127) {
    throw new InfrastructureError({
      action: `compile ${unit.id}`,
      reason: `the image ${base.image} cannot start ${base.rustc}: ` +
        firstComplaint(new TextDecoder().decode(result.stderr)),
      lasting: true,
    });
  }
  const exhausted = () =>
    result.code !== 0 && EXHAUSTED.test(new TextDecoder().decode(result.stderr));
  // What failed by chance is as cached as everything else.
  if ((result.code !== 0 && result.code !== 1) || exhausted()) {
    result = await runner.run(plan, { signal, jobs, noCache: true });
    if (result.code >= 128 || exhausted()) {
      throw new InfrastructureError({
        action: `compile ${unit.id}`,
        reason: result.code >= 128
          ? `rustc was ended by signal ${result.code - 128}`
          : firstComplaint(new TextDecoder().decode(result.stderr)),
      });
    }
  }
  return result;
}

/** `/a/b/../c` leads somewhere only where there is a `/a/b`. */
function crossed(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const before = /(?:^|=)(\/[^/=]+\/[^=]*?)\/\.\.(?=\/)/.exec(word)?.[1];
    return before === undefined ? [] : [joinPath("/", before)];
  });
}

async function snapshotIfThere(path: string): Promise<SnapshotEntry[]> {
  try {
    return await snapshot(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function depInfoOf(result: RunnerResult): DepInfo | undefined {
  const file = result.files.find(({ path }) => path.endsWith(".d"));
  return file === undefined ? undefined : parseDepInfo(new TextDecoder().decode(file.content));
}

/** Files that the unit had in earlier versions: for most changes they are the same. */
async function knownFiles(job: CompileJob): Promise<string[]> {
  const { unit, work, store, signal } = job;
  const known = new Set<string>();
  for (const list of await inputsOf(store, work, { signal })) {
    for (const path of Object.keys(list.files)) known.add(work.portable.back(path));
  }
  try {
    const text = Deno.readTextFileSync(`${unit.outDir}/${unit.id}.d`);
    for (const file of parseDepInfo(text).files) known.add(joinPath(unit.cwd, file));
  } catch {
    // never compiled here
  }
  return [...known];
}

async function keep(
  job: CompileJob,
  result: RunnerResult,
  dependencies: DepInfo | undefined,
  env: Env,
  sources: readonly SnapshotEntry[],
): Promise<void> {
  const { unit, work, store, source, signal } = job;
  // Without a list of what was read, nobody could tell whether a result is still right.
  if (dependencies === undefined) return;
  const digests = new Map(
    sources.flatMap(({ entry, digest }) =>
      digest === undefined ? [] : [[`/${entry.path}` as string, digest] as const]
    ),
  );
  const files = new Map<string, string>();
  for (const file of dependencies.files) {
    const path = joinPath(unit.cwd, file);
    // Those are part of the key as whole directories.
    if (work.directories.some((directory) => isBelow(path, directory))) continue;
    const digest = digests.get(path) ?? await pathDigest(path);
    if (digest !== undefined) files.set(path, digest);
  }
  // A macro may read whatever it likes and tells nobody: then the whole package counts.
  if (unit.externs.some(({ path }) => path !== undefined && /\.(?:so|dylib)$/.test(path))) {
    const root = source.packageDir;
    const inPackage = [...digests].filter(([path]) => isBelow(path, root));
    if (inPackage.length > MAX_PACKAGE_FILES) return;
    for (const [path, digest] of inPackage) files.set(path, digest);
    const entryPath = (path: string) => work.portable.entryPath(path);
    files.set(`${root}/`, await namesDigest(root, sources, entryPath));
  }
  const asked = Object.fromEntries(
    Object.keys(dependencies.env).filter(isPassable).map((name) =>
      [name, env[name] ?? null] as const
    ),
  );
  const read = dependencies.files.map((file) => joinPath(unit.cwd, file));
  await keepResult(store, work, result, { files, env: asked, read }, {
    visibility: unitVisibility(unit, work, source, job.settings),
    label: unit.id,
    signal,
  });
}

/** Asking for more of them at each start would cost more than compiling. */
const MAX_PACKAGE_FILES = 20_000;

/**
 * Files that messages point into: the sources of what the unit needs. The compiler shows lines of
 * them where it finds them, and has other words where it does not.
 */
function shownFiles(stderr: string, { unit, base }: CompileJob): string[] {
  // Those of the standard library are as they are here, wherever they are.
  const toolchain = parentOf(parentOf(base.rustc));
  const found = new Set<string>();
  for (const [, name] of stderr.matchAll(/"file_name":("(?:[^"\\]|\\.)*")/g)) {
    const path = joinPath(unit.cwd, JSON.parse(name!));
    if ((toolchain === "/usr" || !isBelow(path, toolchain)) && isFile(path)) found.add(path);
  }
  return [...found];
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Paths that rustc complains about and that are here. */
function missingFiles(stderr: string, cwd: string): string[] {
  if (!/couldn't read|file not found for module|No such file or directory/.test(stderr)) return [];
  const found = new Set<string>();
  // In JSON the quotes of the text have a backslash.
  for (const [, path] of stderr.matchAll(/[`"']([^`"'\s\\]*[/.][^`"'\s\\]*)\\?[`"']/g)) {
    const place = joinPath(cwd, path!);
    try {
      Deno.lstatSync(place);
      found.add(place);
    } catch {
      // it is missing here too
    }
  }
  return [...found];
}

function firstComplaint(stderr: string): string {
  const match = /"message":"((?:[^"\\]|\\.)*)"/.exec(stderr) ?? /^error[^:]*: (.*)$/m.exec(stderr);
  return (match?.[1] ?? stderr.trim().split("\n")[0] ?? "").slice(0, 200);
}
