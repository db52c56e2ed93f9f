/**
 * The meta build system `orchestra`: a tree of components, their builds and what they depend on,
 * built from source or taken from binary archives, installed into one root.
 *
 * For whoever builds many projects that need each other with one tool chain; configurations, roots
 * and archives are those of revng-orchestra. Not a package manager: there is one root, and no
 * versions to choose from. `docs/orchestra.md` is the guide, `orc` the command line.
 *
 * Permissions: `--allow-read` of the configuration and of what it names; `--allow-write` of
 * `.orchestra/cache`. What builds, clones or installs needs `--allow-all`, as scripts have it.
 *
 * @example
 * ```ts
 * import { createHashes, loadConfiguration, readWorld, solve } from "@superorch/superorch/orchestra";
 *
 * const directory = await Deno.makeTempDir();
 * const dotdir = `${directory}/.orchestra`;
 * await Deno.mkdir(`${dotdir}/config`, { recursive: true });
 * await Deno.writeTextFile(`${dotdir}/config/user_options.yml`, "");
 * await Deno.writeTextFile(
 *   `${dotdir}/config/components.yml`,
 *   'components: {hello: {builds: {debug: {configure: mkdir -p "$BUILD_DIR", install: "true"}}}}',
 * );
 * const configuration = await loadConfiguration({ dotdir });
 * const world = await readWorld(configuration);
 * const hashes = await createHashes(configuration, world.commits);
 * const targets = [{ kind: "install", component: "hello", build: "debug" }] as const;
 * const request = { targets, fallbackBuild: true };
 * const { actions } = solve({ configuration, world, hashes, request });
 * console.log(actions.map(({ id }) => id)); // ["configure hello@debug", "install hello@debug"]
 * await Deno.remove(directory, { recursive: true });
 * ```
 *
 * @module
 */

export {
  type Action,
  actionId,
  actionName,
  ARCHITECTURE,
  type ArchiveLookup,
  type Build,
  type BuildTarget,
  type CloneAction,
  type CommitLookup,
  type Component,
  type Configuration,
  type ConfigureAction,
  type Dependency,
  type EnvironmentEntry,
  type Hashes,
  type InstallAction,
  type InstalledBuild,
  type InstalledState,
  type NamedUrl,
  type Paths,
  type Plan,
  type PlannedAction,
  type PlanRequest,
  type PlanTarget,
  qualifiedName,
  type RepositoryHead,
  sanitize,
  targetName,
  type World,
} from "./model.ts";
export { OrchestraError, UnknownNameError } from "./errors.ts";
export * from "./config/mod.ts";
export * from "./environment/mod.ts";
export * from "./graph/mod.ts";
export * from "./hashes/mod.ts";
export * from "./solver/mod.ts";
export type { Log, LogLevel } from "./log.ts";
export { readWorld, type ReadWorldOptions } from "./world.ts";
export * from "./actions/mod.ts";
export * from "./archives/mod.ts";
export * from "./git/mod.ts";
export * from "./installed/mod.ts";
export * from "./post_install/mod.ts";
