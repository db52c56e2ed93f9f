import { type Needed, neededFiles } from "./artifacts.ts";
import { joinPath, nameOf } from "./_paths.ts";
import { containerEnv, rustcEnvNames } from "./container_env.ts";
import type { Env, InputList, ResultStore, Unit, UnitResult } from "./model.ts";
import { type KeptWith, type Pins, type Portable, PortablePaths, targetDirOf } from "./portable.ts";
import { directoryDigest } from "./records.ts";
import { sha256 } from "./sha256.ts";
import { namesDigest, snapshot } from "./snapshot.ts";

/** Another number is another meaning of keys: nothing of before is found. */
const FORMAT = 2;

/** What identifies a piece of work before its sources are looked at. */
export interface WorkKey {
  /** Key of the lists of inputs. */
  readonly key: string;
  /** Key of those that are good only where all directories are the same; absent: there are none. */
  readonly placeKey?: string;
  /** Variables that the program gets. */
  readonly env: Env;
  /** Made of other units that it needs. */
  readonly needed: Needed;
  /** Directories of build scripts and native libraries that it needs, absolute. */
  readonly directories: readonly string[];
  /** Makes texts independent of the target directory, or of all directories. */
  readonly portable: Portable;
  /** The words for rustc. */
  readonly argv: readonly string[];
  /** Whether its files have names of ours: cargo's depend on a path. */
  readonly renamed?: boolean;
}

/** What {@linkcode unitKey} needs beside the unit. */
export interface KeyContext {
  /** Variables of the call. */
  readonly env: Env;
  /** Names of further variables from the settings. */
  readonly setEnvs: readonly string[];
  /** Image and toolchain. */
  readonly identity: string;
  /** Paths are made equal on all machines. Default: they stay as they are. */
  readonly remap?: RemapOptions;
}

/** How paths are made equal. */
export interface RemapOptions {
  /** The compiler's directory. */
  readonly sysroot: string;
  /** Whether files may be written under other names than cargo wants, and renamed then. */
  readonly rename: boolean;
}

/**
 * Hashes all that a call of rustc depends on, but for the sources: those are known only when it has
 * run once.
 *
 * @param unit The call.
 * @param context Variables and image.
 * @returns The key and what it was made of.
 */
export async function unitKey(unit: Unit, context: KeyContext): Promise<WorkKey> {
  const parts = await keyParts(unit, context);
  if (context.remap !== undefined) {
    const { remappedKey } = await import("./remap/remapped_key.ts");
    const remapped = await remappedKey(unit, parts, context, context.remap);
    if (remapped !== undefined) return remapped;
  }
  const { env, needed, directories } = parts;
  const portable = new PortablePaths(targetDirOf(unit.profileDir, unit.targetTriple));
  const key = await sha256(JSON.stringify([
    FORMAT,
    "compile",
    context.identity,
    unit.argv.map((word) => portable.away(word)),
    portable.away(unit.cwd),
    Object.entries(env).map(([name, value]) => [name, portable.away(value)]),
    needed.files.map(({ path, digest }) => [nameOf(path), digest]),
    await Promise.all(
      directories.map(async (path) => [portable.away(path), await directoryDigest(path)]),
    ),
  ]));
  return { ...parts, key, portable, argv: unit.argv };
}

/** What a key is made of, beside the words for rustc. */
export type KeyParts = Pick<WorkKey, "env" | "needed" | "directories">;

async function keyParts(unit: Unit, context: KeyContext): Promise<KeyParts> {
  const outDir = context.env["OUT_DIR"];
  const env = containerEnv(context.env, "compile", [
    ...context.setEnvs,
    ...rustcEnvNames(outDir),
  ]);
  const needed = await neededFiles(unit);
  return { env, needed, directories: nativeDirectories(unit, outDir) };
}

/** What the image has of its own. */
const OF_THE_IMAGE = /^\/(?:usr|lib|lib32|lib64)(?:\/|$)/;

function nativeDirectories(unit: Unit, outDir: string | undefined): string[] {
  const found = new Set<string>();
  if (outDir !== undefined) found.add(joinPath(unit.cwd, outDir));
  for (const { kind, path } of unit.libPaths) {
    if (kind === "dependency" || kind === "crate") continue;
    // A library lies beside headers and other libraries; what is below `out` belongs together.
    const whole = /^(.*\/build\/[^/]+\/out)(?:\/|$)/.exec(path)?.[1];
    if (whole !== undefined) found.add(whole);
    else if (!OF_THE_IMAGE.test(path)) found.add(path);
  }
  return [...found].sort();
}

/** What was found in the store. */
export interface FoundResult {
  /** The result, with the paths of this target directory. */
  readonly result: UnitResult;
  /** Its key. */
  readonly key: string;
  /** Whether others may see it. */
  readonly public: boolean;
}

/**
 * Looks for a result whose inputs are what they are now.
 *
 * @param store Where.
 * @param work What.
 * @param env Variables of the call.
 * @param signal Ends the search.
 * @returns The result, or `undefined`.
 */
export async function findResult(
  store: ResultStore,
  work: Pick<WorkKey, "key" | "placeKey" | "portable">,
  env: Env,
  signal?: AbortSignal,
): Promise<FoundResult | undefined> {
  const { portable } = work;
  const digests = new Map<string, Promise<string | undefined>>();
  // Others are asked only for what is not known here: that takes longer.
  for (const far of [false, true]) {
    for (const list of await inputsOf(store, work, { signal, far })) {
      if (!await isCurrent(list, portable, env, digests)) continue;
      const result = await store.get(list.result, { signal });
      if (result === undefined) continue;
      const isPublic = list.public === true;
      return { result: fromPortable(result, portable), key: list.result, public: isPublic };
    }
  }
  return undefined;
}

/** All sets of inputs that a piece of work has had. */
export async function inputsOf(
  store: ResultStore,
  { key, placeKey }: Pick<WorkKey, "key" | "placeKey">,
  options?: Parameters<ResultStore["inputs"]>[1],
): Promise<readonly InputList[]> {
  const shared = await store.inputs(key, options);
  return placeKey === undefined ? shared : [...shared, ...await store.inputs(placeKey, options)];
}

async function isCurrent(
  list: InputList,
  portable: Portable,
  env: Env,
  digests: Map<string, Promise<string | undefined>>,
): Promise<boolean> {
  if (list.targetDir !== undefined && list.targetDir !== portable.targetDir) return false;
  for (const [name, value] of Object.entries(list.env)) {
    const now = env[name];
    if ((now === undefined ? null : portable.away(now)) !== value) return false;
  }
  for (const [path, digest] of Object.entries(list.files)) {
    const place = portable.back(path);
    let now = digests.get(place);
    if (now === undefined) {
      now = place.endsWith("/") ? currentNames(place, portable) : pathDigest(place);
      digests.set(place, now);
    }
    if (await now !== digest) return false;
  }
  return true;
}

/** A directory with a slash after it stands for the names in it. */
async function currentNames(
  place: string,
  portable: Portable,
): Promise<string | undefined> {
  const directory = place.slice(0, -1);
  try {
    const entries = await snapshot(directory, {
      exclude: [portable.targetDir],
      contents: false,
    });
    return await namesDigest(directory, entries, (path) => portable.entryPath(path));
  } catch {
    return undefined; // it is not there any more
  }
}

/** SHA-256 of a file, or of a directory with all that is in it. */
export async function pathDigest(path: string): Promise<string | undefined> {
  try {
    return await sha256(Deno.readFileSync(path));
  } catch {
    try {
      return Deno.statSync(path).isDirectory ? await directoryDigest(path) : undefined;
    } catch {
      return undefined;
    }
  }
}

/** What a result is kept with. */
export interface KeptInputs {
  /** By absolute path. */
  readonly files: ReadonlyMap<string, string>;
  /** Variables that were asked for, and what they were. */
  readonly env: Readonly<Record<string, string | null>>;
  /** Files that a compiler has read, also those that are in the key; absent for other programs. */
  readonly read?: Iterable<string>;
}

/**
 * Keeps a result under its inputs.
 *
 * @param store Where.
 * @param work What it is the result of.
 * @param result The result, as it came.
 * @param inputs What the program looked at.
 * @param options Who may see it, and its name.
 */
export async function keepResult(
  store: ResultStore,
  work: Pick<WorkKey, "key" | "placeKey" | "portable">,
  result: UnitResult,
  inputs: KeptInputs,
  options: Parameters<ResultStore["put"]>[2],
): Promise<void> {
  const { portable } = work;
  const { targetDir, here = false } = pinsOf(result, portable, {
    read: inputs.read ?? [],
    env: inputs.read === undefined ? {} : inputs.env,
  });
  const files = Object.fromEntries(
    [...inputs.files].map(([path, digest]) => [portable.away(path), digest] as const)
      .sort(([a], [b]) => a < b ? -1 : 1),
  );
  const env = Object.fromEntries(
    Object.entries(inputs.env).sort(([a], [b]) => a < b ? -1 : 1)
      .map(([name, value]) => [name, value === null ? null : portable.away(value)]),
  );
  const owner = here ? work.placeKey ?? work.key : work.key;
  const key = await sha256(JSON.stringify([FORMAT, owner, files, env, targetDir ?? null]));
  await store.put(key, toPortable(result, portable), options);
  await store.addInputs(owner, {
    files,
    env,
    ...(targetDir === undefined ? {} : { targetDir }),
    result: key,
    ...(options.visibility === "public" ? { public: true } : {}),
  }, options);
}

/** Texts that name files: all others are good for one target directory if they have its name. */
function isText(path: string): boolean {
  return path.endsWith(".d") && !path.includes("/");
}

function pinsOf(result: UnitResult, portable: Portable, inputs: KeptWith): Pins {
  const contents = result.files.flatMap(({ path, content, target }) => [
    ...isText(path) ? [] : [content],
    ...target === undefined ? [] : [new TextEncoder().encode(target)],
  ]);
  return portable.pins(contents, inputs);
}

function toPortable(result: UnitResult, portable: Portable): UnitResult {
  return {
    code: result.code,
    stdout: portable.awayBytes(result.stdout),
    stderr: portable.awayBytes(result.stderr),
    files: result.files.map((file) => ({
      ...file,
      path: portable.fileAway(file.path),
      ...isText(file.path) ? { content: portable.awayBytes(file.content), digest: undefined } : {},
    })),
  };
}

function fromPortable(result: UnitResult, portable: Portable): UnitResult {
  return {
    code: result.code,
    stdout: portable.backBytes(result.stdout),
    stderr: portable.backBytes(result.stderr),
    files: result.files.map((file) => ({
      ...file,
      path: portable.fileBack(file.path),
      ...isText(file.path) ? { content: portable.backBytes(file.content), digest: undefined } : {},
    })),
  };
}
