/**
 * From what is wanted to what has to be done, in which order: choices between builds are made,
 * what is there already is left out, builds of one component follow each other. Deterministic, and
 * never exponential.
 *
 * Permissions: none of its own; the lookups that it is given may need some.
 *
 * @example
 * ```ts
 * import { solve } from "@superorch/superorch/orchestra/solver";
 *
 * const plan = solve({
 *   configuration: { components: new Map() },
 *   world: {
 *     installed: { get: () => undefined, all: () => [] },
 *     archives: { find: () => undefined },
 *     commits: { head: () => ({ branch: null, commit: null }) },
 *     isConfigured: () => false,
 *     isCloned: () => false,
 *   },
 *   hashes: { recursiveHash: () => "" },
 *   request: { targets: [{ kind: "clone", repository: "zlib" }] },
 * });
 * console.log(plan.actions.map(({ id }) => id)); // ["clone zlib"]
 * ```
 *
 * @module
 */

export {
  DependencyCycleError,
  executingLine,
  solve,
  type Solved,
  solveGraph,
  type SolveSteps,
} from "./solve.ts";
export {
  type Alternatives,
  collect,
  type Collected,
  Dependencies,
  type SolverInput,
} from "./collect.ts";
export {
  ActionGraph,
  type ChoiceNode,
  type GraphNode,
  isAction,
  nodeId,
  nodeName,
  type RootNode,
} from "./action_graph.ts";
export { NoAssignmentError } from "./assign_choices.ts";
export { type BuildConflict, BuildOrderError } from "./order_builds.ts";
export { worldAfter } from "./after_plan.ts";
