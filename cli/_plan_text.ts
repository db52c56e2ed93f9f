import type { PlanNode, ProjectPlan } from "../lib/compose/mod.ts";
import { formatTable, type Sink } from "./output.ts";

/**
 * Writes a plan for people: what would be started in which order, and what would be done for it.
 *
 * @param plan The plan.
 * @param sink Where it will be written.
 */
export function planText(plan: ProjectPlan, sink: Pick<Sink, "terminal" | "colour">): string {
  const table = formatTable(
    ["STEP", "NAME", "ACTION", "IMAGE", "ORIGIN", "AFTER"],
    plan.nodes.map((node) => [
      String(node.wave + 1),
      node.name,
      node.action ?? "?",
      node.image ?? "-",
      node.origin,
      afterText(node) || "-",
    ]),
    sink,
  );
  const notes = [
    ...plan.engine === null ? ["No engine answers, so what is there already is not known"] : [],
    ...plan.orphans.map((name) => `"${name}" runs, and the project does not have it any more`),
  ];
  return table + notes.map((note) => `${note}\n`).join("");
}

function afterText({ after }: PlanNode): string {
  return after.map(({ name, condition }) => `${name} (${condition})`).join(", ");
}
