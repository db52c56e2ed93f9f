import { writeAtomic } from "../../files/mod.ts";
import type { Log } from "../log.ts";

/** What a cache holds. */
export interface CachedConfiguration {
  /** Stands for the files that it was made of. */
  readonly config_hash: string;
  /** The expanded configuration. */
  readonly config: unknown;
  /** The program that expanded it; absent for the built-in engine, and in caches of the original. */
  readonly ytt?: string;
}

/**
 * Reads `config_cache.json`.
 *
 * Permissions: `--allow-read` of it.
 *
 * @param directory The cache directory.
 * @returns `undefined` when there is none, or it is damaged.
 */
export async function readConfigurationCache(
  directory: string,
): Promise<CachedConfiguration | undefined> {
  try {
    const cached: unknown = JSON.parse(await Deno.readTextFile(`${directory}/config_cache.json`));
    const known = typeof cached === "object" && cached !== null && "config_hash" in cached &&
      "config" in cached && typeof cached.config_hash === "string";
    return known ? cached as CachedConfiguration : undefined;
  } catch (error) {
    // A cache that cannot be used is made again.
    if (error instanceof SyntaxError || error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.IsADirectory || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Writes `config_cache.json` and `config_cache.yml`. A directory that cannot be written costs
 * speed only, so that is a warning.
 *
 * Permissions: `--allow-write` of both.
 *
 * @param directory The cache directory.
 * @param cached What is written.
 * @param text The same as YAML.
 * @param log Gets the warning.
 */
export async function writeConfigurationCache(
  directory: string,
  cached: CachedConfiguration,
  text: string,
  log: Log,
): Promise<void> {
  try {
    await Deno.mkdir(directory, { recursive: true });
    await writeAtomic(`${directory}/config_cache.yml`, text);
    await writeAtomic(`${directory}/config_cache.json`, JSON.stringify(cached));
  } catch (error) {
    log("WARNING", `Cannot write the cache of the configuration: ${(error as Error).message}`);
  }
}
