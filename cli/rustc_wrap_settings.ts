import {
  placeOfProcess,
  type ResolvedSettings,
  resolveSettings,
  settingsFiles,
} from "../lib/rustc_wrap/mod.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads the settings that a build in this directory would have.
 *
 * @param words The words for cargo, which may name another manifest.
 * @returns The settings, and where each came from.
 * @throws {UsageError} when some are wrong; it names all of them.
 */
export async function readOwnSettings(words: readonly string[] = []): Promise<ResolvedSettings> {
  const env = Deno.env.toObject();
  const cwd = Deno.cwd();
  try {
    const { env: all } = placeOfProcess(Deno.pid, env, cwd);
    return resolveSettings(all, await settingsFiles({ env: all, cwd, words }));
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}
