import { UnknownNameError } from "../errors.ts";
import type { BuildTarget, Component, Configuration } from "../model.ts";
import { mostSimilar } from "./similarity.ts";

/** A component of the command line does not exist. */
export class UnknownComponentError extends UnknownNameError {
  /** The name of the class. */
  override readonly name: string = "UnknownComponentError";
}

/** A component of the command line does not have the build. */
export class UnknownBuildError extends UnknownNameError {
  /** The name of the class. */
  override readonly name: string = "UnknownBuildError";
}

/**
 * Finds a build by the words of a user.
 *
 * @param configuration Where.
 * @param spec `component`, which means its default build, or `component@build`.
 * @returns The component, and the names of both.
 * @throws {UnknownComponentError} when there is no such component.
 * @throws {UnknownBuildError} when the component has no such build.
 */
export function findBuild(
  configuration: Pick<Configuration, "components">,
  spec: string,
): { readonly component: Component; readonly target: BuildTarget } {
  const at = spec.indexOf("@");
  const [name, wanted] = at < 0 ? [spec, ""] : [spec.slice(0, at), spec.slice(at + 1)];
  const component = configuration.components.get(name);
  if (component === undefined) {
    const similar = mostSimilar(name, configuration.components.keys());
    throw new UnknownComponentError("Component", spec, similar);
  }
  const build = wanted === "" ? component.defaultBuild : wanted;
  if (!component.builds.has(build)) {
    const similar = mostSimilar(build, component.builds.keys());
    const meant = similar === undefined ? undefined : `${name}@${similar}`;
    throw new UnknownBuildError("Build", spec, meant);
  }
  return { component, target: { component: name, build } };
}
