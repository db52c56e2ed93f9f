/**
 * The meta build system `orchestra`: a tree of components, their builds and what they depend on,
 * built from source or taken from binary archives, installed into one root.
 *
 * Permissions: `--allow-read` of the configuration and of what it names.
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
