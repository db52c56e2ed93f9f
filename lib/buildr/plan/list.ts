import type { MatrixRow } from "../manifest/model.ts";
import type { RunPlan } from "./model.ts";
import { describePlacement } from "./render_plan.ts";

/** One stage and row, for a list. */
export interface ListedNode {
  /** Its id. */
  readonly id: string;
  /** Its stage. */
  readonly stage: string;
  /** What frames the run, or a stage of it. */
  readonly kind: "prepare" | "stage" | "after";
  /** Its row. */
  readonly matrix?: MatrixRow;
  /** What it is for. */
  readonly description?: string;
  /** Its image. */
  readonly image: string;
  /** Where it runs, in words. */
  readonly placement: string;
  /** Ids of what it needs. */
  readonly needs: readonly string[];
  /** Its tags. */
  readonly tags: readonly string[];
  /** Why it would not run. */
  readonly skip?: string;
}

/**
 * Lists a plan, as plain data.
 *
 * @param plan The plan.
 */
export function listPlan(plan: RunPlan): readonly ListedNode[] {
  const nodes = plan.after === undefined ? plan.nodes : [...plan.nodes, plan.after];
  return nodes.map((node) => ({
    id: node.id,
    stage: node.stage.name,
    kind: node.stage.kind,
    ...(node.row === undefined ? {} : { matrix: node.row }),
    ...(node.stage.description === undefined ? {} : { description: node.stage.description }),
    image: node.placement.image,
    placement: describePlacement(node),
    needs: node.needs.map(({ id }) => id),
    tags: node.stage.tags,
    ...(node.skip === undefined ? {} : { skip: node.skip.message }),
  }));
}
