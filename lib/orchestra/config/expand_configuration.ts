import type { Log } from "../log.ts";
import { OrchestraError } from "../errors.ts";
import { readConfigurationCache, writeConfigurationCache } from "./cache.ts";
import { expand, parseExpanded } from "./expand.ts";
import { hashConfiguration } from "./hash_configuration.ts";

/** What {@linkcode expandConfiguration} takes. */
export interface ExpandConfigurationOptions {
  /** Absolute path of the directory `.orchestra`. */
  readonly dotdir: string;
  /** Whether what was expanded before is used, and kept for the next time. Default `true`. */
  readonly useCache?: boolean;
  /** A program that is run as `ytt`. Default: the built-in engine. */
  readonly ytt?: string;
  /** Gets warnings. Default: they are dropped. */
  readonly log?: Log;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** An expanded configuration. Nothing in it has been checked. */
export interface Expanded {
  /** Plain data. */
  readonly config: unknown;
  /** Stands for the files that it was made of. */
  readonly hash: string;
  /** Whether it comes from the cache, and no template was run. */
  readonly cached: boolean;
  /** The same as YAML. */
  text(): Promise<string>;
  /** The same with the source line of every node, for messages. */
  positions(): Promise<string>;
}

/**
 * Expands the templates in `.orchestra/config`, or takes the result of the last time.
 *
 * Permissions: `--allow-read` of `.orchestra`; `--allow-write` of `.orchestra/cache`; `--allow-run`
 * of the program, if one is given.
 *
 * @throws {OrchestraError} when a template is wrong, or the result is not one document.
 */
export async function expandConfiguration(options: ExpandConfigurationOptions): Promise<Expanded> {
  const { dotdir, useCache = true, ytt, signal, log = () => {} } = options;
  const directory = `${dotdir}/config`;
  const cacheDirectory = `${dotdir}/cache`;
  const hash = await hashConfiguration(directory).catch((error) => {
    throw new OrchestraError(`Cannot read the configuration: ${(error as Error).message}`);
  });
  const positions = () => expand({ directory, ytt, signal }, "pos");
  const expanded = () => expand({ directory, ytt, signal }, "yaml");
  if (useCache) {
    const cached = await readConfigurationCache(cacheDirectory);
    if (cached?.config_hash === hash && cached.ytt === ytt) {
      const text = () =>
        Deno.readTextFile(`${cacheDirectory}/config_cache.yml`).catch(() => expanded());
      return { config: cached.config, hash, cached: true, text, positions };
    }
  }
  const yaml = await expanded();
  const config = await parseExpanded(yaml);
  if (useCache) {
    const kept = { config_hash: hash, config, ...(ytt === undefined ? {} : { ytt }) };
    await writeConfigurationCache(cacheDirectory, kept, yaml, log);
  }
  return { config, hash, cached: false, text: () => Promise.resolve(yaml), positions };
}
