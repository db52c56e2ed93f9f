import type { Component } from "../model.ts";
import { compareCodePoints } from "./_compare.ts";

/**
 * Lists everything that a component may need: itself, and what any build of it and of those
 * depends on, to be built or to run.
 *
 * @param components All components.
 * @param name Where to start.
 * @returns Names, sorted by code points.
 */
export function closure(
  components: ReadonlyMap<string, Component>,
  name: string,
): readonly string[] {
  const found = new Set([name]);
  for (const one of found) {
    for (const { dependencies, buildDependencies } of components.get(one)?.builds.values() ?? []) {
      for (const { component } of dependencies) found.add(component);
      for (const { component } of buildDependencies) found.add(component);
    }
  }
  return [...found].sort(compareCodePoints);
}
