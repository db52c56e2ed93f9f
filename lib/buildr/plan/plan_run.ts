import { Diagnostics } from "../../diagnostics/mod.ts";
import { rowMatches } from "../manifest/_matrix.ts";
import type { Manifest, MatrixRow, Stage } from "../manifest/model.ts";
import type { LastRun, PlanNeed, PlanNode, PlanOptions, RunPlan, SkipReason } from "./model.ts";
import { planNode } from "./_plan_node.ts";
import { select } from "./_select.ts";
import { whyNot } from "./_when.ts";

interface Draft {
  readonly id: string;
  readonly stage: Stage;
  readonly row: MatrixRow | undefined;
  readonly needs: readonly PlanNeed[];
  skip: SkipReason | undefined;
}

/**
 * Decides what will run, and how: which stages and rows, after what, where, with which variables,
 * programs and arguments. Nothing is read and nothing is started, so the same input gives the same
 * plan.
 *
 * @param manifest The manifest.
 * @param options What was asked for, and what the plan depends on; `gatherFacts` finds that out.
 * @returns The plan. Nodes that do not run are in it, with the reason.
 * @throws {BuildrInputError} when a stage, tag or value was asked for that is not there.
 * @throws {DiagnosticsError} when a `${env.NAME}` is not set, or gives a wrong name of an image.
 * @example
 * ```ts no-eval
 * import { loadManifest, planRun } from "@superorch/superorch/buildr";
 *
 * const plan = planRun(await loadManifest(), { only: ["unit"], matrix: { node: ["22"] } });
 * for (const { id, skip, commands } of plan.nodes) console.log(id, skip?.message ?? commands);
 * ```
 */
export function planRun(manifest: Manifest, options: PlanOptions = {}): RunPlan {
  const { facts = {} } = options;
  const selected = select(manifest, options);
  const drafts = draftsOf(manifest);
  for (const draft of drafts) {
    draft.skip = selected.stage(draft.stage.name) ?? selected.row(draft.row) ??
      whyNot(draft.stage.when, facts);
  }
  if (options.rerunFailed !== undefined) skipPassed(drafts, options.rerunFailed);
  skipWithNeeds(drafts);
  const prepare = prepareDraft(manifest, drafts, selected.namesPrepare, selected.stage("prepare"));
  const prepares = prepare !== undefined && prepare.skip === undefined;
  const diagnostics = new Diagnostics();
  const common = { manifest, prepares, facts, diagnostics };
  const nodes = [...prepare === undefined ? [] : [prepare], ...drafts]
    .map((draft) => planNode({ ...draft, ...common }));
  const after = manifest.after === undefined ? undefined : planNode({
    id: "after",
    stage: manifest.after,
    row: undefined,
    needs: [],
    skip: selected.stage("after") ??
      (nodes.some(({ skip }) => skip === undefined) ? undefined : EMPTY),
    ...common,
  });
  diagnostics.throwIfErrors(`Cannot run "${manifest.source.file}"`);
  const warnings = [...manifest.warnings, ...diagnostics.warnings];
  return { manifest, nodes, after, variables: facts.variables ?? {}, warnings };
}

const EMPTY: SkipReason = { code: "empty", message: "nothing else runs" };

/**
 * Names a stage and row: `unit`, `unit[node=20,db=pg]`.
 *
 * @param stage Name of the stage.
 * @param row The row.
 */
export function nodeId(stage: string, row: MatrixRow | undefined): string {
  if (row === undefined) return stage;
  const values = Object.entries(row).map(([name, value]) => `${name}=${value}`);
  return `${stage}[${values.join(",")}]`;
}

function draftsOf(manifest: Manifest): Draft[] {
  const ids = new Map<
    Stage,
    readonly { readonly id: string; readonly row: MatrixRow | undefined }[]
  >();
  const taken = new Set<string>();
  for (const stage of manifest.stages) {
    const rows = (stage.matrix ?? [undefined]).map((row) => {
      const name = nodeId(stage.name, row);
      let id = name;
      // Values with commas can look like other rows.
      for (let number = 2; taken.has(id); number++) id = `${name}#${number}`;
      taken.add(id);
      return { id, row };
    });
    ids.set(stage, rows);
  }
  const first: readonly PlanNeed[] = manifest.prepare === undefined
    ? []
    : [{ id: "prepare", artifacts: false, optional: true }];
  return manifest.stages.flatMap((stage, index) => {
    const needs = new Map<string, PlanNeed>(first.map((need) => [need.id, need]));
    const add = (id: string, artifacts: boolean, optional: boolean) => {
      const known = needs.get(id);
      needs.set(id, {
        id,
        artifacts: artifacts || known?.artifacts === true,
        optional: optional && known?.optional !== false,
      });
    };
    if (stage.needs === undefined) {
      for (const before of manifest.stages.slice(0, index)) {
        for (const { id } of ids.get(before)!) add(id, true, true);
      }
    } else {
      for (const need of stage.needs) {
        const target = manifest.stages.find(({ name }) => name === need.stage);
        for (const { id, row } of target === undefined ? [] : ids.get(target)!) {
          if (need.matrix === undefined || rowMatches(row ?? {}, need.matrix)) {
            add(id, need.artifacts, need.optional);
          }
        }
      }
    }
    return ids.get(stage)!.map(({ id, row }): Draft => ({
      id,
      stage,
      row,
      needs: [...needs.values()],
      skip: undefined,
    }));
  });
}

/**
 * What needs a stage that its own conditions keep from running does not run either, unless it says
 * that it can do without. What was left out by choice counts as done.
 */
function skipWithNeeds(drafts: readonly Draft[]): void {
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  const seen = new Set<Draft>();
  const visit = (draft: Draft): void => {
    if (seen.has(draft)) return;
    seen.add(draft);
    for (const { id, optional } of draft.needs) {
      const need = byId.get(id);
      if (need === undefined) continue;
      visit(need);
      if (optional || draft.skip !== undefined || !NOT_DONE.has(need.skip?.code ?? "")) continue;
      const { status } = draft.stage.when;
      if (status === "always") continue;
      draft.skip = { code: "needs", message: `it needs "${id}", which is skipped` };
    }
  };
  drafts.forEach(visit);
}

/** Reasons by which what a stage would have done is missing. */
const NOT_DONE: ReadonlySet<string> = new Set<SkipReason["code"]>([
  "tags",
  "when",
  "manual",
  "needs",
]);

/** Lets only that run which failed, and what needs that. */
function skipPassed(drafts: readonly Draft[], last: LastRun): void {
  const before = new Map(last.nodes.map(({ id, status }) => [id, status]));
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  const again = new Map<Draft, boolean>();
  const runs = (draft: Draft): boolean => {
    const known = again.get(draft);
    if (known !== undefined) return known;
    const status = before.get(draft.id);
    const isSettled = status === "passed" || status === "allowed" || status === "skipped";
    // One that was passed over, or passed after a failure (`when.status`), runs if what it needs does.
    const result = !isSettled || draft.needs.some(({ id }) => {
      const need = byId.get(id);
      return need !== undefined && runs(need);
    });
    again.set(draft, result);
    return result;
  };
  for (const draft of drafts) {
    if (runs(draft)) {
      // Somebody asked for it in the last run.
      const wasRun = !["skipped", undefined].includes(before.get(draft.id));
      if (wasRun && ["tags", "manual"].includes(draft.skip?.code ?? "")) draft.skip = undefined;
      continue;
    }
    const message = before.get(draft.id) === "skipped"
      ? "it was not to run in the last run either"
      : "it passed in the last run";
    draft.skip ??= { code: "passed", message };
  }
}

function prepareDraft(
  manifest: Manifest,
  drafts: readonly Draft[],
  isNamed: boolean,
  skip: SkipReason | undefined,
): Draft | undefined {
  const { prepare } = manifest;
  if (prepare === undefined) return undefined;
  const isNeeded = isNamed || drafts.length === 0 || drafts.some((one) => one.skip === undefined);
  const why = skip ?? (isNeeded ? undefined : EMPTY);
  return { id: "prepare", stage: prepare, row: undefined, needs: [], skip: why };
}

/** Nodes of a plan that run. */
export function runningNodes(plan: RunPlan): readonly PlanNode[] {
  return plan.nodes.filter(({ skip }) => skip === undefined);
}
