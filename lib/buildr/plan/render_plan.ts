import { type PlanNode, RUN_TIME_VARIABLES, type RunPlan } from "./model.ts";

/**
 * Shows what would run, without running it: where, with which programs and arguments, names of
 * variables (never their values), and why the rest does not.
 *
 * @param plan The plan.
 * @returns Lines, each with its newline.
 */
export function renderDryRun(plan: RunPlan): string {
  const nodes = plan.after === undefined ? plan.nodes : [...plan.nodes, plan.after];
  if (nodes.length === 0) return "Nothing would run.\n";
  return nodes.map((node) => renderNode(node)).join("\n");
}

/** Shows one node. */
export function renderNode(node: PlanNode): string {
  const { id, skip, stage } = node;
  if (skip !== undefined) return `${id}: skipped, ${skip.message}\n`;
  const lines = [`${id}:`];
  lines.push(`  runs in ${describePlacement(node)}`);
  const needs = node.needs.map((need) => need.id);
  if (needs.length > 0) lines.push(`  after ${needs.join(", ")}`);
  if (stage.when.status !== "success" && stage.kind === "stage") {
    lines.push(`  when.status: ${stage.when.status}`);
  }
  if (stage.user !== undefined) lines.push(`  user ${stage.user}`);
  const limits = [
    ...stage.timeoutMs === undefined ? [] : [`timeout ${stage.timeoutMs / 1000}s`],
    ...stage.retry.max === 0 ? [] : [`retry ${stage.retry.max} on ${stage.retry.on.join(", ")}`],
    ...stage.allowFailure === false ? [] : [
      stage.allowFailure === true
        ? "may fail"
        : `may fail with ${(stage.allowFailure as readonly number[]).join(", ")}`,
    ],
    ...node.concurrency === undefined ? [] : [`concurrency ${node.concurrency}`],
  ];
  if (limits.length > 0) lines.push(`  ${limits.join("; ")}`);
  for (const { name, image, ready } of node.services) {
    lines.push(`  service ${name}: ${image}, ready when ${ready.kind}`);
  }
  for (const { key, paths } of node.caches) lines.push(`  cache ${key}: ${paths.join(", ")}`);
  for (const { paths, when } of node.artifacts) {
    lines.push(`  artifacts (${when}): ${paths.join(", ")}`);
  }
  const names = [...Object.keys(node.env), ...RUN_TIME_VARIABLES];
  lines.push(`  environment ${names.join(" ")}`);
  if (node.secrets.length > 0) {
    lines.push(`  secrets ${node.secrets.map(({ name }) => name).join(" ")}`);
  }
  for (const { where, argv, shell } of node.commands) {
    lines.push(`  ${where} ${shell ? "shell" : "argv"} ${JSON.stringify(argv)}`);
  }
  if (node.commands.length === 0) lines.push("  no script");
  return `${lines.join("\n")}\n`;
}

/** Says where a node runs. */
export function describePlacement({ placement }: PlanNode): string {
  if (placement.kind === "main") return `the main container, ${placement.image}`;
  const from = placement.prepared ? ", from what prepare made" : "";
  return `a container of its own (${placement.because}), ${placement.image}${from}`;
}
