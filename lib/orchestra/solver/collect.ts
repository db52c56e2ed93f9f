import type {
  BuildTarget,
  Component,
  Configuration,
  Dependency,
  Hashes,
  InstallAction,
  PlanRequest,
  PlanTarget,
  World,
} from "../model.ts";
import { type Action, actionId } from "../model.ts";
import { ActionGraph } from "./action_graph.ts";

/** What solving starts from. */
export interface SolverInput {
  /** The components. */
  readonly configuration: Pick<Configuration, "components">;
  /** What is there already. */
  readonly world: World;
  /** The hashes of the components; they are asked for only where they matter. */
  readonly hashes: Pick<Hashes, "recursiveHash">;
  /** What is wanted. */
  readonly request: PlanRequest;
}

/** A graph with everything that was asked for, and all that may be needed for it. */
export interface Collected {
  /** The graph. */
  readonly graph: ActionGraph;
  /** The index of the root. */
  readonly root: number;
  /** The indices of what was asked for. */
  readonly requested: readonly number[];
  /** Ids of what something needs that leaves no choice. */
  readonly exact: ReadonlySet<string>;
}

/** What an install of a build may use, for a request. */
export function installAction(
  target: BuildTarget,
  component: Component,
  request: PlanRequest,
): InstallAction {
  const force = request.fromSource === true || component.buildFromSource;
  const allowBuild = force || request.fallbackBuild === true;
  const { component: name, build } = target;
  return { kind: "install", component: name, build, allowBuild, allowArchive: !force };
}

/** Finds out what actions depend on. */
export class Dependencies {
  readonly #input: SolverInput;
  // One object for each build and each choice: graphs of thousands know them by identity.
  readonly #resolved = new Map<Dependency, Action | Alternatives>();
  readonly #installs = new Map<string, ReadonlyMap<string, InstallAction>>();
  readonly #choices = new Map<string, Map<string, Alternatives>>();

  /** Works on an input. */
  constructor(input: SolverInput) {
    this.#input = input;
  }

  /** What an action is for a target. */
  action(target: PlanTarget): Action {
    if (target.kind === "clone") return target;
    const { kind, component, build } = target;
    if (kind === "configure") return { kind, component, build };
    return this.#installsOf(this.#component(component)).get(build)!;
  }

  /**
   * What an action needs, in the order of the configuration: actions, and lists of alternatives.
   */
  of(action: Action): readonly (Action | Alternatives)[] {
    if (action.kind === "clone") return [];
    const { component, build } = action;
    const owner = this.#component(component);
    const { dependencies, buildDependencies } = owner.builds.get(build)!;
    const always = dependencies.map((dependency) => this.#resolve(dependency));
    if (action.kind === "install") {
      if (!this.needsConfigure(action)) return always;
      return [{ kind: "configure", component, build }, ...always];
    }
    const further = buildDependencies.map((dependency) => this.#resolve(dependency));
    const { repository } = owner;
    const clone = repository === null ? [] : [{ kind: "clone", repository } as const];
    return [...clone, ...always, ...further];
  }

  /** Whether an install will build: it may, and there is no archive that it may use. */
  needsConfigure(action: InstallAction): boolean {
    return action.allowBuild && !(action.allowArchive && this.archiveOf(action) !== undefined);
  }

  /** The archive that an install would use. */
  archiveOf(action: InstallAction): string | undefined {
    const { world, hashes } = this.#input;
    return world.archives.find(action, () => hashes.recursiveHash(action.component));
  }

  #resolve(dependency: Dependency): Action | Alternatives {
    // The two actions of a build share most of what they need.
    const known = this.#resolved.get(dependency) ?? this.#find(dependency);
    this.#resolved.set(dependency, known);
    return known;
  }

  #find({ component, build, exact }: Dependency): Action | Alternatives {
    const owner = this.#component(component);
    const preferred = build ?? owner.defaultBuild;
    const installs = this.#installsOf(owner);
    if (exact || owner.builds.size === 1) return installs.get(preferred)!;
    const choices = this.#choices.get(component) ?? new Map<string, Alternatives>();
    this.#choices.set(component, choices);
    const known = choices.get(preferred);
    if (known !== undefined) return known;
    const alternatives = [...installs.values()];
    const choice: Alternatives = { kind: "alternatives", component, preferred, alternatives };
    choices.set(preferred, choice);
    return choice;
  }

  /** By name of the build, sorted. */
  #installsOf(owner: Component): ReadonlyMap<string, InstallAction> {
    const known = this.#installs.get(owner.name);
    if (known !== undefined) return known;
    const names = [...owner.builds.keys()].sort();
    const installs = new Map(names.map((build) => {
      const target = { component: owner.name, build };
      return [build, installAction(target, owner, this.#input.request)] as const;
    }));
    this.#installs.set(owner.name, installs);
    return installs;
  }

  #component(name: string): Component {
    const component = this.#input.configuration.components.get(name);
    if (component === undefined) throw new RangeError(`There is no component "${name}"`);
    return component;
  }
}

/** One of several builds will do. */
export interface Alternatives {
  /** Discriminates it from actions. */
  readonly kind: "alternatives";
  /** The component. */
  readonly component: string;
  /** The build that is preferred. */
  readonly preferred: string;
  /** All builds, sorted by name. */
  readonly alternatives: readonly InstallAction[];
}

/**
 * Collects what was asked for and everything that may be needed for it.
 *
 * @param input What is wanted, and of what.
 * @returns The graph, with choices still open.
 */
export function collect(input: SolverInput): Collected {
  const graph = new ActionGraph();
  const dependencies = new Dependencies(input);
  const root = graph.add({ kind: "root" }).index;
  const open: number[] = [];
  let choices = 0;
  const exact = new Set<string>();
  const indices = new Map<Action | Alternatives, number>();
  const add = (wanted: Action | Alternatives): number => {
    const known = indices.get(wanted);
    if (known !== undefined) return known;
    const added = addNew(wanted);
    if (added.isNew) open.push(added.index);
    indices.set(wanted, added.index);
    return added.index;
  };
  const addNew = (wanted: Action | Alternatives) => {
    if (wanted.kind !== "alternatives") return graph.add(wanted);
    const { component, preferred, alternatives } = wanted;
    return graph.add({ kind: "choice", component, preferred, number: ++choices, alternatives });
  };
  const addExact = (wanted: Action | Alternatives): number => {
    if (wanted.kind === "install") exact.add(actionId(wanted));
    return add(wanted);
  };
  const requested = [
    ...new Set(input.request.targets.map((target) => addExact(dependencies.action(target)))),
  ];
  for (const index of requested) graph.connect(root, index);
  if (input.request.noDeps === true) return { graph, root, requested, exact };
  // Breadth first: choices near to what was asked for are made first.
  for (const index of open) {
    const node = graph.nodes[index]!;
    if (node.kind === "root") continue;
    if (node.kind === "choice") {
      for (const one of node.alternatives) graph.connect(index, add(one));
    } else for (const one of dependencies.of(node)) graph.connect(index, addExact(one));
  }
  return { graph, root, requested, exact };
}

/** Tells whether nodes are satisfied, and remembers it. */
export function satisfaction(
  { world, hashes }: SolverInput,
): (action: Action) => boolean {
  // By identity, because this is asked often; by name, because graphs are made more than once.
  const known = new Map<Action, boolean>();
  const byName = new Map<string, boolean>();
  const look = (action: Action): boolean => {
    if (action.kind === "clone") return world.isCloned(action.repository);
    if (action.kind === "configure") return world.isConfigured(action);
    const installed = world.installed.get(action.component);
    return installed?.build === action.build &&
      installed.recursiveHash === hashes.recursiveHash(action.component);
  };
  return (action) => {
    const answer = known.get(action);
    if (answer !== undefined) return answer;
    const id = actionId(action);
    const satisfied = byName.get(id) ?? look(action);
    known.set(action, satisfied);
    byName.set(id, satisfied);
    return satisfied;
  };
}
