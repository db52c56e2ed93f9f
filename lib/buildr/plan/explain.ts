import { didYouMean } from "../../diagnostics/mod.ts";
import { BuildrInputError } from "../input_error.ts";
import { placeText, type Stage } from "../manifest/model.ts";
import type { PlanNode, RunPlan } from "./model.ts";
import { nodeData } from "./node_data.ts";
import { renderNode } from "./render_plan.ts";

/** A stage, explained. */
export interface Explanation {
  /** For people; lines, each with its newline. */
  readonly text: string;
  /** For programs. */
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Explains a stage: where it stands, where it runs and why, what it waits for and who waits for it,
 * under which conditions it runs, and each of its lines as it is run.
 *
 * @param plan A plan.
 * @param name Name of the stage, or id of one of its rows.
 * @throws {BuildrInputError} when there is no such stage.
 */
export function explainStage(plan: RunPlan, name: string): Explanation {
  const all = plan.after === undefined ? plan.nodes : [...plan.nodes, plan.after];
  const nodes = all.filter(({ id, stage }) => id === name || stage.name === name);
  const [first] = nodes;
  if (first === undefined) {
    const near = didYouMean(name, all.map(({ stage }) => stage.name));
    const hint = near === undefined ? "" : `, did you mean "${near}"?`;
    throw new BuildrInputError(`There is no stage ${JSON.stringify(name)}${hint}`);
  }
  const { stage } = first;
  const ids = new Set(nodes.map(({ id }) => id));
  const dependants = [
    ...new Set(
      plan.nodes.filter(({ needs }) => needs.some(({ id }) => ids.has(id)))
        .map((node) => node.stage.name),
    ),
  ];
  const conditions = conditionsOf(stage);
  const lines = [
    `${stage.name}${stage.description === undefined ? "" : `: ${stage.description}`}`,
    `  defined at ${placeText(stage.at)}`,
    `  ${needsText(stage)}`,
    ...dependants.length === 0 ? [] : [`  waited for by ${dependants.join(", ")}`],
    ...conditions.map((one) => `  only if ${one}`),
    ...stage.tags.length === 0 ? [] : [`  only when asked for: --tags ${stage.tags.join(",")}`],
    `  lines are run by ${shellText(stage)}`,
    `  the project is ${stage.workspace === "bind" ? "the directory itself" : "a copy"} at /app`,
    `  the engine's socket is ${stage.docker ? "there" : "not there"}`,
    "",
  ];
  const text = `${lines.join("\n")}${nodes.map(renderNode).join("\n")}`;
  return { text, data: dataOf(stage, nodes, dependants, conditions) };
}

function needsText(stage: Stage): string {
  if (stage.kind !== "stage") return stage.kind === "prepare" ? "runs first" : "runs at the end";
  if (stage.needs === undefined) return 'waits for all stages before it: it has no "needs"';
  const names = [
    ...new Set(
      stage.needs.map((need) => need.optional ? `${need.stage} (optional)` : need.stage),
    ),
  ];
  return names.length === 0 ? "waits for no other stage" : `waits for ${names.join(", ")}`;
}

function shellText(stage: Stage): string {
  if (stage.shell === "auto") return "the rule auto: without a shell where none is needed";
  return stage.shell === false ? "no shell" : stage.shell.join(" ");
}

function conditionsOf({ when }: Stage): readonly string[] {
  const list = (values: readonly string[]) => values.map((one) => `"${one}"`).join(" or ");
  const result: string[] = [];
  if (when.branch !== undefined) result.push(`the branch matches ${list(when.branch)}`);
  if (when.tag !== undefined) result.push(`a tag of the commit matches ${list(when.tag)}`);
  if (when.changes !== undefined) result.push(`a changed file matches ${list(when.changes)}`);
  for (const [name, value] of when.env ?? []) {
    const wanted = value === true ? "is set" : value === false ? "is not set" : `is "${value}"`;
    result.push(`variable "${name}" ${wanted}`);
  }
  if (when.only !== undefined) result.push(`the ref is one of ${list(when.only)}`);
  if (when.except !== undefined) result.push(`the ref is none of ${list(when.except)}`);
  if (when.status === "manual") result.push("it is named (when.status: manual)");
  else if (when.status !== "success") {
    const after = when.status === "always" ? "whatever happened before" : "something has failed";
    result.push(`${after} (when.status: ${when.status})`);
  }
  return result;
}

function dataOf(
  stage: Stage,
  nodes: readonly PlanNode[],
  dependants: readonly string[],
  conditions: readonly string[],
): Readonly<Record<string, unknown>> {
  return {
    stage: stage.name,
    kind: stage.kind,
    defined: placeText(stage.at),
    ...(stage.description === undefined ? {} : { description: stage.description }),
    conditions,
    tags: stage.tags,
    shell: stage.shell,
    workspace: stage.workspace,
    docker: stage.docker,
    neededBy: dependants,
    nodes: nodes.map((node) => ({
      id: node.id,
      ...(node.row === undefined ? {} : { matrix: node.row }),
      ...nodeData(node),
    })),
  };
}
