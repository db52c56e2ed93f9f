import type { BuildTarget, Configuration, InstalledState } from "../model.ts";

/**
 * Lists what a build says that it needs: its dependencies and build dependencies, and what those
 * need to run, in the builds of them that are installed.
 *
 * @param configuration The dependencies.
 * @param installed Which builds are installed.
 * @param target The build.
 * @returns Names of components, each once, in the order in which they are found.
 */
export function closureOfBuild(
  configuration: Configuration,
  installed: InstalledState,
  target: BuildTarget,
): readonly string[] {
  const own = configuration.components.get(target.component)?.builds.get(target.build);
  const found = new Set<string>();
  for (const list of [own?.dependencies ?? [], own?.buildDependencies ?? []]) {
    for (const { component } of list) found.add(component);
  }
  for (const name of found) {
    const component = configuration.components.get(name);
    const build = installed.get(name)?.build ?? component?.defaultBuild ?? "";
    for (const { component: needed } of component?.builds.get(build)?.dependencies ?? []) {
      found.add(needed);
    }
  }
  return [...found];
}
