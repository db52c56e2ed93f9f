import type { Env, Settings } from "./model.ts";
import { resolveSettings } from "./settings/resolve.ts";

/**
 * Reads the settings that the wrapper needs from variables, under both of their names:
 * `RUSTCBUILDX_*` and `CARGOGREEN_*`. The latter wins where both are set.
 *
 * @param env Variables.
 * @returns The settings.
 * @throws {TypeError} when a value is none of those that are known.
 */
export function readSettings(env: Env): Settings {
  return resolveSettings(env).settings;
}
