import { cacheDirectory, type ReadEnv } from "../engine/mod.ts";

/** How many runs' logs are kept. */
const KEPT_RUNS = 20;

/**
 * Makes a directory for the logs of one run, and removes those of old runs.
 *
 * Permissions: `--allow-env=XDG_CACHE_HOME,HOME`, `--allow-read` and `--allow-write` of the cache
 * directory.
 *
 * @param name What is run.
 * @param options `env` reads environment variables, `keep` says how many runs are kept. Defaults
 * `Deno.env.get` and 20.
 * @returns `$XDG_CACHE_HOME/superorch/runs/TIME-NAME-RANDOM`, which sorts by time.
 */
export async function runLogDirectory(
  name: string,
  options: { readonly env?: ReadEnv; readonly keep?: number } = {},
): Promise<string> {
  const { env = Deno.env.get, keep = KEPT_RUNS } = options;
  const runs = `${cacheDirectory(env)}/runs`;
  const time = new Date().toISOString().replaceAll(/[-:]/g, "").replace(/\..*/, "");
  const random = crypto.randomUUID().slice(0, 8);
  const directory = `${runs}/${time}-${name}-${random}`;
  await Deno.mkdir(directory, { recursive: true });
  const old: string[] = [];
  for await (const entry of Deno.readDir(runs)) {
    // Only what this function has made: whatever else somebody put there stays.
    if (entry.isDirectory && /^\d{8}T\d{6}-.*-[0-9a-f]{8}$/.test(entry.name)) old.push(entry.name);
  }
  for (const run of old.toSorted().slice(0, -keep)) {
    // Another process may be removing the same one.
    await Deno.remove(`${runs}/${run}`, { recursive: true }).catch(ignoreGone);
  }
  return directory;
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
