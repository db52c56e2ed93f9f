/**
 * From what is wanted to what has to be done, in which order: choices between builds are made,
 * what is there already is left out, builds of one component follow each other. Deterministic, and
 * never exponential.
 *
 * Permissions: none of its own; the lookups that it is given may need some.
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
