/** A reader of environment variables; `Deno.env.get` is one. */
export type ReadEnv = (name: string) => string | undefined;

/**
 * Where superorch keeps what must outlive a run.
 *
 * Permissions: `--allow-env=XDG_STATE_HOME,HOME` with the default reader.
 *
 * @param env Reads environment variables. Default `Deno.env.get`.
 * @returns `$XDG_STATE_HOME/superorch`, else `$HOME/.local/state/superorch`.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function stateDirectory(env: ReadEnv = Deno.env.get): string {
  return baseDirectory(env, "XDG_STATE_HOME", ".local/state");
}

/**
 * Where superorch keeps what can be made again: caches and the logs of runs.
 *
 * Permissions: `--allow-env=XDG_CACHE_HOME,HOME` with the default reader.
 *
 * @param env Reads environment variables. Default `Deno.env.get`.
 * @returns `$XDG_CACHE_HOME/superorch`, else `$HOME/.cache/superorch`.
 */
export function cacheDirectory(env: ReadEnv = Deno.env.get): string {
  return baseDirectory(env, "XDG_CACHE_HOME", ".cache");
}

/**
 * The socket of the engine that `superorch engine ensure` starts.
 *
 * @param env Reads environment variables. Default `Deno.env.get`.
 * @returns `STATE/engine/docker.sock`.
 */
export function ensuredSocketPath(env: ReadEnv = Deno.env.get): string {
  return `${stateDirectory(env)}/engine/docker.sock`;
}

function baseDirectory(env: ReadEnv, variable: string, fallback: string): string {
  const base = env(variable);
  // The specification says that a relative value is to be ignored.
  if (base !== undefined && base.startsWith("/")) return `${base.replace(/\/+$/, "")}/superorch`;
  const home = env("HOME");
  if (home === undefined || home === "") {
    throw new TypeError(`Cannot find the state directory: neither ${variable} nor HOME is set`);
  }
  return `${home.replace(/\/+$/, "")}/${fallback}/superorch`;
}
