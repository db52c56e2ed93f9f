import type { BuildTarget, Configuration, InstalledState } from "../model.ts";

/** What {@linkcode installedDependencies} takes. */
export interface InstalledDependenciesOptions {
  /** All components. */
  readonly configuration: Pick<Configuration, "components">;
  /** What is installed. */
  readonly installed: InstalledState;
  /** Whether what is needed only to build is left out. Default `false`. */
  readonly runtime?: boolean;
}

/** What an installed component needs. */
export interface InstalledDependencies {
  /** Installed components, nearest first. */
  readonly names: readonly string[];
  /** Components that are needed and not installed, nearest first. */
  readonly missing: readonly string[];
}

/**
 * Finds what an installed build needs, directly and through the installed builds of what it needs.
 *
 * @param target The installed build.
 * @param options Where to look.
 * @returns Names in breadth-first order, each once, without that of the target.
 */
export function installedDependencies(
  target: BuildTarget,
  { configuration, installed, runtime = false }: InstalledDependenciesOptions,
): InstalledDependencies {
  const seen = new Set([target.component]);
  const names: string[] = [];
  const missing: string[] = [];
  const open: BuildTarget[] = [target];
  for (const { component, build } of open) {
    const needed = configuration.components.get(component)?.builds.get(build);
    if (needed === undefined) continue;
    const further = runtime ? [] : needed.buildDependencies;
    for (const { component: name } of [...needed.dependencies, ...further]) {
      if (seen.has(name)) continue;
      seen.add(name);
      const there = installed.get(name);
      if (there === undefined) {
        missing.push(name);
        continue;
      }
      names.push(name);
      open.push(there);
    }
  }
  return { names, missing };
}
