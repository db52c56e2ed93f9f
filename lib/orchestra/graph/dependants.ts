import type { Component, Configuration } from "../model.ts";

/**
 * Finds who depends on components, directly or through others: with any build, to be built or to
 * run. These are the components whose hashes change when one of those does.
 *
 * @param configuration All components.
 * @param names The components in question.
 * @param depth How far; default: all the way. 1 gives the direct ones.
 * @returns Names in the order of the configuration, without the components in question.
 */
export function dependantsOf(
  configuration: Pick<Configuration, "components">,
  names: Iterable<string>,
  depth = Infinity,
): readonly string[] {
  const { components } = configuration;
  const users = new Map<string, string[]>();
  for (const component of components.values()) {
    for (const name of neededNames(component)) {
      const list = users.get(name);
      if (list === undefined) users.set(name, [component.name]);
      else list.push(component.name);
    }
  }
  const asked = new Set(names);
  const found = new Set(asked);
  let front = [...asked];
  for (let step = 0; step < depth && front.length > 0; step++) {
    front = [...new Set(front.flatMap((name) => users.get(name) ?? []))]
      .filter((name) => !found.has(name));
    for (const name of front) found.add(name);
  }
  return [...components.keys()].filter((name) => found.has(name) && !asked.has(name));
}

function neededNames({ builds }: Component): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { dependencies, buildDependencies } of builds.values()) {
    for (const { component } of dependencies) names.add(component);
    for (const { component } of buildDependencies) names.add(component);
  }
  return names;
}
