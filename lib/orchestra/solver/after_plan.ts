import {
  type Action,
  actionId,
  type Hashes,
  type InstalledBuild,
  type InstalledState,
  type Plan,
  type World,
} from "../model.ts";

/**
 * What will be there when a plan has been carried out, as far as the next plan has to know.
 *
 * @param world What is there now.
 * @param plan What will be done.
 * @param hashes The hashes of what will be installed.
 * @param gone Components that will be uninstalled before. Default: none.
 */
export function worldAfter(
  world: World,
  plan: Plan,
  hashes: Pick<Hashes, "recursiveHash">,
  gone: readonly string[] = [],
): World {
  const done = new Set(plan.actions.map(({ id }) => id));
  const installed = new Map(world.installed.all().map((one) => [one.component, one]));
  for (const name of gone) installed.delete(name);
  for (const { action, requested } of plan.actions) {
    if (action.kind !== "install") continue;
    const { component, build } = action;
    const result: InstalledBuild = {
      component,
      build,
      // Only if somebody asks: thousands of them would take long.
      get recursiveHash() {
        return hashes.recursiveHash(component);
      },
      source: "build",
      manuallyInstalled: requested,
      installTimeSeconds: 0,
      binaryArchivePath: null,
    };
    installed.set(component, result);
  }
  const state: InstalledState = {
    get: (component) => installed.get(component),
    all: () => [...installed.values()].sort((a, b) => a.component < b.component ? -1 : 1),
  };
  const isDone = (action: Action) => done.has(actionId(action));
  return {
    ...world,
    installed: state,
    isConfigured: (target) =>
      isDone({ kind: "configure", ...target }) || world.isConfigured(target),
    isCloned: (repository) => isDone({ kind: "clone", repository }) || world.isCloned(repository),
  };
}
