import type { Configuration, World } from "./model.ts";

/** How the {@linkcode World} is read. */
export interface ReadWorldOptions {
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/**
 * Looks at what is there: installed components, archives, clones, build directories.
 *
 * @param _configuration Where to look.
 * @returns The lookups.
 */
export function readWorld(
  _configuration: Configuration,
  _options: ReadWorldOptions = {},
): Promise<World> {
  return Promise.resolve({
    installed: { get: () => undefined, all: () => [] },
    archives: { find: () => undefined },
    commits: { head: () => ({ branch: null, commit: null }) },
    isConfigured: () => false,
    isCloned: () => false,
  });
}
