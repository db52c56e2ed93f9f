import { Dependencies, targetName } from "../lib/orchestra/mod.ts";
import type { Action, Component, Configuration, Hashes, World } from "../lib/orchestra/mod.ts";

/** A build with what its two actions depend on, as `orc components` shows it. */
export interface ListedBuild {
  /** Name of the build. */
  readonly name: string;
  /** What configuring it needs, sorted. */
  readonly configure: readonly string[];
  /** What installing it needs, sorted. */
  readonly install: readonly string[];
}

/** Lists what the actions of each build of a component depend on. */
export function componentDependencies(
  { name, builds }: Component,
  configuration: Configuration,
  world: World,
  hashes: Hashes,
): readonly ListedBuild[] {
  const request = { targets: [] };
  const dependencies = new Dependencies({ configuration, world, hashes, request });
  const names = (action: Action) =>
    dependencies.of(action).map((one) =>
      one.kind === "alternatives"
        ? `Any of {${one.alternatives.map(targetName).join(", ")}}`
        : targetName(one)
    ).sort();
  return [...builds.keys()].map((build) => {
    const target = { component: name, build };
    return {
      name: build,
      configure: names({ kind: "configure", ...target }),
      install: names(dependencies.action({ kind: "install", ...target })),
    };
  });
}
