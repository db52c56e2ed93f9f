import type { Build, Component } from "../model.ts";
import { dumpYaml, type MaterialValue } from "./yaml_dump.ts";

/**
 * The part of the hash material that one component gives: an item of a YAML list. Its name is not
 * in it, nor is what does not change how it is built.
 *
 * @param component The component.
 * @param commit The commit that its repository is at, if it has one and that is known.
 */
export function materialItem(component: Component, commit: string | null): string {
  const builds = Object.fromEntries(
    [...component.builds].map(([name, build]) => [name, buildMaterial(build)]),
  );
  return dumpYaml([{
    add_to_path: component.addToPath,
    builds,
    commit,
    default_build: component.defaultBuild,
    license: component.license,
    repository: component.repository,
    skip_post_install: component.skipPostInstall,
  }]);
}

function buildMaterial(build: Build): MaterialValue {
  return {
    configure: build.configure,
    install: build.install,
    dependencies: build.dependencies.map(({ text }) => text),
    build_dependencies: build.buildDependencies.map(({ text }) => text),
    ndebug: build.ndebug,
  };
}
