import { writeAtomic } from "../../files/mod.ts";
import type { CommitLookup, Configuration, Hashes } from "../model.ts";
import { closure } from "./closure.ts";
import type { NamedMaterial } from "./difference.ts";

/** Something about hash material that was computed before. */
interface Header {
  readonly version: number;
  readonly config_hash: string;
  readonly dep_commits: Readonly<Record<string, string | null>>;
}

const VERSION = 1;

/**
 * Reads the hash material of a component that was kept, if nothing that it is made of has changed
 * since: `cache/hash-material/<component>`, a line of JSON and then the material.
 *
 * Permissions: `--allow-read` of the cache.
 *
 * @returns `undefined` when there is none, or it is outdated.
 */
export async function readMaterialCache(
  configuration: Configuration,
  commits: CommitLookup,
  component: string,
): Promise<string | undefined> {
  const kept = await Deno.readTextFile(pathOf(configuration, component)).catch(() => undefined);
  const end = kept?.indexOf("\n") ?? -1;
  if (kept === undefined || end < 0) return undefined;
  return kept.slice(0, end) === header(configuration, commits, component)
    ? kept.slice(end + 1)
    : undefined;
}

/**
 * Keeps the hash material of a component: as the cache of the original does, and by its hash, so
 * that `orc why` can later tell what has changed since something was installed.
 *
 * Permissions: `--allow-write` of the cache.
 *
 * @param configuration Where the cache is.
 * @param commits What the material is for.
 * @param hashes Computes it.
 * @param component Name of the component.
 */
export async function writeMaterialCache(
  configuration: Configuration,
  commits: CommitLookup,
  hashes: Hashes,
  component: string,
): Promise<void> {
  const material = hashes.hashMaterial(component);
  const path = pathOf(configuration, component);
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await writeAtomic(path, `${header(configuration, commits, component)}\n${material}`);
  const byHash = `${configuration.paths.cache}/hash-material-by-hash`;
  await Deno.mkdir(byHash, { recursive: true });
  const kept = `${byHash}/${hashes.recursiveHash(component)}`;
  const names = closure(configuration.components, component);
  await writeAtomic(`${kept}.names`, `${JSON.stringify(names)}\n`);
  await writeAtomic(kept, material);
}

/**
 * Finds the hash material that a hash was taken of.
 *
 * Permissions: `--allow-read` of the cache.
 *
 * @param configuration Where the cache is.
 * @param hash The recursive hash.
 * @returns `undefined` when it was not kept.
 */
export async function findMaterial(
  configuration: Configuration,
  hash: string,
): Promise<NamedMaterial | undefined> {
  if (!/^[0-9a-f]{40}$/.test(hash)) return undefined;
  const path = `${configuration.paths.cache}/hash-material-by-hash/${hash}`;
  const material = await Deno.readTextFile(path).catch(() => undefined);
  if (material === undefined) return undefined;
  const { createHash } = await import("node:crypto");
  if (createHash("sha1").update(material).digest("hex") !== hash) return undefined;
  const names = await Deno.readTextFile(`${path}.names`).then(JSON.parse).catch(() => undefined);
  return isNames(names) ? { material, names } : { material };
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

function pathOf({ paths }: Configuration, component: string): string {
  return `${paths.cache}/hash-material/${component.replaceAll("/", "-")}`;
}

function header(configuration: Configuration, commits: CommitLookup, component: string): string {
  const dependencies = closure(configuration.components, component).flatMap((name) => {
    const repository = configuration.components.get(name)?.repository ?? null;
    return repository === null ? [] : [[name, commits.head(repository).commit] as const];
  });
  const fields: Header = {
    version: VERSION,
    config_hash: configuration.hash,
    dep_commits: Object.fromEntries(dependencies),
  };
  // Spaced as Python does it, which writes these files too.
  return JSON.stringify(fields).replaceAll('":', '": ').replaceAll(',"', ', "');
}
