/**
 * The environment of scripts, and the directories that belong to components and builds.
 *
 * Permissions: `--allow-read` of build directories, whose names may be those of the original.
 *
 * @example
 * ```ts
 * import { exportLines } from "@superorch/superorch/orchestra/environment";
 *
 * console.log(exportLines([{ kind: "set", name: "JOBS", value: "$(nproc)" }]));
 * // export JOBS="$(nproc)"
 * ```
 *
 * @module
 */

export { buildEnvironment, type EnvironmentOptions } from "./build_environment.ts";
export { buildDirectory, tmpRoot } from "../actions/directories.ts";
export { repositoryDirectory, sourceDirectory } from "../actions/sources.ts";
export { exportLines, STRICT_MODE, withEnvironment } from "./script.ts";
