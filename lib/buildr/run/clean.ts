import { LABEL } from "../../containers/labels.ts";
import { type OwnedObject, removeOwned, sweepDeadOwners } from "../../containers/sweep.ts";
import { cacheDirectory, type EngineClient, type ReadEnv } from "../../engine/mod.ts";
import { outDirectoryOf } from "./artifacts.ts";
import { CacheStore, shortHash } from "./cache_store.ts";
import { BUILDR_LABEL } from "./labels.ts";
import { lstatIfThere } from "./project_files.ts";

/** What is cleaned. */
export interface CleanOptions {
  /** Absolute path of the project; `undefined` for all projects. */
  readonly directory: string | undefined;
  /** What tells projects apart in caches, as `RunPlanOptions.project`. Default: the directory. */
  readonly project?: string;
  /** Whether the artifacts go too. Default `false`. */
  readonly artifacts?: boolean;
  /** Whether nothing is removed, only looked for. Default `false`. */
  readonly dryRun?: boolean;
  /** Reads the environment. Default `Deno.env.get`. */
  readonly env?: ReadEnv;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** One thing that was removed, or would be. */
export interface CleanedThing {
  /** What it is. */
  readonly kind: "container" | "network" | "volume" | "image" | "cache" | "artifacts";
  /** Its name, or its path. */
  readonly name: string;
  /** Why it could not be removed. */
  readonly error?: string;
}

/**
 * Removes what runs of a project have kept: containers of `--keep`, snapshots of `prepare`, caches,
 * and what dead runs of any project left. What belongs to a run that lives is not touched.
 *
 * Permissions: those of the engine; `--allow-read` and `--allow-write` of the cache directory.
 *
 * @param engine The engine.
 * @param options What is cleaned.
 * @returns What was removed, or would be.
 */
export async function cleanProject(
  engine: EngineClient,
  options: CleanOptions,
): Promise<readonly CleanedThing[]> {
  const { directory, signal, dryRun = false, env = Deno.env.get } = options;
  const kept = await keptObjects(engine, directory, signal);
  const things: CleanedThing[] = kept.map(({ kind, name }) => ({ kind, name }));
  const paths = await keptPaths(options, env);
  things.push(...paths);
  if (dryRun) return things;
  const { failed } = await removeOwned(engine, kept, { signal });
  const dead = await sweepDeadOwners(engine, { signal });
  for (const { name } of paths) await Deno.remove(name, { recursive: true }).catch(ignoreMissing);
  const errors = new Map(failed.map(({ object, error }) => [object.name, `${error}`]));
  return [
    ...things.map((thing) => {
      const error = errors.get(thing.name);
      return error === undefined ? thing : { ...thing, error };
    }),
    ...dead.removed.map(({ kind, name }) => ({ kind, name })),
  ];
}

async function keptObjects(
  engine: EngineClient,
  directory: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly OwnedObject[]> {
  const labels = {
    [BUILDR_LABEL.kind]: true as const,
    [LABEL.lifetime]: "kept",
    ...(directory === undefined ? {} : { [BUILDR_LABEL.directory]: directory }),
  };
  const [containers, images] = await Promise.all([
    engine.containers.list({ labels, signal }),
    engine.images.list({ labels, signal }),
  ]);
  return [
    ...containers.map(({ Id, Names, Labels }): OwnedObject => ({
      kind: "container",
      id: Id,
      name: (Names[0] ?? Id).replace(/^\//, ""),
      labels: Labels,
    })),
    ...images.map(({ Id, RepoTags, Labels }): OwnedObject => ({
      kind: "image",
      id: Id,
      name: RepoTags?.[0] ?? Id,
      labels: Labels ?? {},
    })),
  ];
}

async function keptPaths(options: CleanOptions, env: ReadEnv): Promise<readonly CleanedThing[]> {
  const { directory, artifacts = false } = options;
  const root = `${cacheDirectory(env)}/buildr`;
  const project = options.project ?? directory;
  const word = project === undefined ? undefined : await shortHash(project);
  const caches = word === undefined
    ? [`${root}/caches`, `${root}/snapshots`, `${root}/prepared`]
    : [
      new CacheStore(word, env).directory,
      `${root}/snapshots/${word}`,
      `${root}/prepared/${word}.json`,
    ];
  const out = directory === undefined || !artifacts
    ? []
    : [`${outDirectoryOf(directory)}/artifacts`, `${outDirectoryOf(directory)}/artifacts.json`];
  const found: CleanedThing[] = [];
  for (const name of caches) if (await lstatIfThere(name)) found.push({ kind: "cache", name });
  for (const name of out) if (await lstatIfThere(name)) found.push({ kind: "artifacts", name });
  return found;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
