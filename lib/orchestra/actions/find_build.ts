import { OrchestraError } from "../errors.ts";
import { type Build, type BuildTarget, type Configuration, qualifiedName } from "../model.ts";

/**
 * Finds a build that a plan names.
 *
 * @param configuration Where to look.
 * @param target Its names.
 * @returns The build.
 * @throws {OrchestraError} when the configuration does not have it: the plan is for another one.
 */
export function findBuild(configuration: Configuration, target: BuildTarget): Build {
  const build = configuration.components.get(target.component)?.builds.get(target.build);
  if (build !== undefined) return build;
  throw new OrchestraError(`Cannot find ${qualifiedName(target)} in the configuration`);
}
