import { Diagnostics, type SourceText } from "../../diagnostics/mod.ts";
import { mapAt, type MapNode, type Place, type TreeNode } from "../../yaml_tree/mod.ts";
import { finishImport, type ImportResult, Notes, type StageDraft, StageNames } from "./draft.ts";
import { type ImportedJob, readJob } from "./_gitlab_job.ts";
import { deepMerge, GitlabResolver, loadGitlab } from "./_gitlab_tree.ts";
import { readVariables, translate } from "./_gitlab_variables.ts";
import { entriesOf, get, isFalse, itemsOf, scalarsOf, textOf, textsOf } from "./_nodes.ts";

/** Keys of the top that are no jobs. */
const TOP = new Set(
  ("after_script before_script cache default image include services spec stages types variables " +
    "workflow").split(" "),
);

/** What jobs may take from `default` and from the top. */
const DEFAULTS =
  ("after_script artifacts before_script cache hooks id_tokens image interruptible " +
    "retry services tags timeout").split(" ");

/** Where the files of a pipeline are. */
export interface ImportOptions {
  /** Absolute path of the project. */
  readonly directory: string;
  /** Reads a file below the project; `undefined` when it is not there. */
  readonly read: (path: string) => Promise<string | undefined>;
}

interface Job {
  readonly name: string;
  readonly at: Place;
  readonly node: MapNode;
  readonly stage: string;
  readonly imported: ImportedJob;
}

/**
 * Turns a pipeline of GitLab into a manifest: each job becomes a stage with a container of its own
 * and a copy of the project, as a runner of GitLab gives it.
 *
 * @param source The `.gitlab-ci.yml`.
 * @param options Where included files are.
 * @returns The manifest, and notes about what could not be mapped.
 * @throws {DiagnosticsError} when the file itself has mistakes.
 */
export async function importGitlab(
  source: SourceText,
  options: ImportOptions,
): Promise<ImportResult> {
  const diagnostics = new Diagnostics();
  const notes = new Notes();
  const root = await loadGitlab(source, { ...options, diagnostics, notes });
  const resolver = new GitlabResolver(root, diagnostics);
  const defaults = defaultsOf(root, resolver);
  const globals = readVariables(resolver.value("variables"));
  const told = new Set<string>();
  const jobs: Job[] = [];
  const workflow = root.entries.get("workflow");
  if (workflow !== undefined) notes.add(workflow.key, '"workflow" is left out: every run runs');
  for (const [name, { key, value }] of root.entries) {
    if (TOP.has(name) || name.startsWith(".") || value.kind !== "map") continue;
    const own = resolver.job(name);
    if (own === undefined) continue;
    if (!own.entries.has("script")) {
      const what = own.entries.has("trigger") ? "starts another pipeline" : 'has no "script"';
      notes.add(key, `"${name}" ${what} and is left out`);
      continue;
    }
    const node = withDefaults(own, defaults);
    const imported = readJob(name, node, { notes, at: key, told, globals });
    if (imported.never) {
      notes.add(key, `"${name}" never runs and is left out`);
      continue;
    }
    jobs.push({ name, at: key, node, stage: textOf(get(node, "stage")) ?? "test", imported });
  }
  const order = stageOrder(resolver.value("stages") ?? resolver.value("types"));
  for (const job of jobs) {
    if (!order.includes(job.stage)) {
      const stage = get(job.node, "stage") ?? job.node;
      diagnostics.error(stage.source, stage.range, `There is no stage "${job.stage}"`);
    }
  }
  diagnostics.throwIfErrors(`Cannot import "${source.file}"`);
  jobs.sort((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage));
  const names = new StageNames();
  jobs.forEach(({ name }) => names.of(name));
  const stages = jobs.map((job): StageDraft => {
    const { image, matrix, ...rest } = job.imported.value;
    const needs = needsOf(job, jobs, order, names, notes);
    const stage = names.of(job.name);
    if (stage !== job.name) notes.add(job.at, `"${job.name}" is called "${stage}" in the manifest`);
    return { name: stage, value: { image, needs, matrix, ...rest } };
  });
  const image = defaults.entries.get("image")?.value;
  const name = textOf(image?.kind === "map" ? get(image, "name") : image);
  return await finishImport(
    {
      from: source.file,
      top: {
        // GitLab's runners have this one where a job names none.
        image: name === undefined ? undefined : translate(name),
        workspace: "copy",
        ...(Object.keys(globals).length === 0 ? {} : { environment: { vars: globals } }),
      },
      // What all have in common stands at the top.
      stages: stages.map(({ name: stage, value }) => ({
        name: stage,
        value: value["image"] === (name === undefined ? undefined : translate(name))
          ? { ...value, image: undefined }
          : value,
      })),
    },
    notes,
    { source, range: { start: 0, end: 0 } },
  );
}

function defaultsOf(root: MapNode, resolver: GitlabResolver): MapNode {
  let result = mapAt(root);
  // What stands at the top is the older way to write the same.
  const top = new Map(root.entries);
  for (const [name, { key }] of root.entries) {
    if (!DEFAULTS.includes(name) || !top.has(name)) continue;
    const value = resolver.value(name);
    if (value === undefined) continue;
    result = { ...result, entries: new Map([...result.entries, [name, { key, value }]]) };
  }
  const own = resolver.value("default");
  return own?.kind === "map" ? deepMerge(result, own) : result;
}

function withDefaults(job: MapNode, defaults: MapNode): MapNode {
  const wanted = get(get(job, "inherit"), "default");
  if (isFalse(wanted)) return job;
  const names = wanted?.kind === "list" ? new Set(textsOf(wanted)) : undefined;
  const entries = new Map(job.entries);
  for (const [name, entry] of defaults.entries) {
    if (entries.has(name) || (names !== undefined && !names.has(name))) continue;
    entries.set(name, entry);
  }
  return { ...job, entries };
}

function stageOrder(node: TreeNode | undefined): readonly string[] {
  const stages = node === undefined ? ["build", "test", "deploy"] : textsOf(node);
  return [...new Set([".pre", ...stages.filter((one) => !/^\.(?:pre|post)$/.test(one)), ".post"])];
}

function needsOf(
  job: Job,
  jobs: readonly Job[],
  order: readonly string[],
  names: StageNames,
  notes: Notes,
): readonly unknown[] {
  const dependencies = get(job.node, "dependencies") ?? job.node.entries.get("dependencies")?.value;
  const wanted = dependencies?.kind === "list" ? new Set(textsOf(dependencies)) : undefined;
  const needs = job.node.entries.get("needs")?.value;
  if (needs?.kind === "list") {
    return needs.items.flatMap((item) => explicitNeed(item, job, jobs, names, wanted, notes));
  }
  const before = jobs.filter((one) => order.indexOf(one.stage) < order.indexOf(job.stage));
  // The nearest stage waits for those before it, unless one of its jobs has needs of its own.
  const nearest = Math.max(-1, ...before.map((one) => order.indexOf(one.stage)));
  // One that is skipped waits for nobody.
  const isPlain = before.every((one) =>
    one.node.entries.get("needs") === undefined && !maySkip(one)
  );
  return before.flatMap((one): readonly unknown[] => {
    const takes = wanted === undefined || wanted.has(one.name);
    const gives = one.imported.value["artifacts"] !== undefined;
    const isNear = order.indexOf(one.stage) === nearest;
    if (!isNear && isPlain && !(gives && takes)) return [];
    const stage = names.of(one.name);
    return [needOf(stage, gives && !takes, maySkip(one))];
  });
}

/**
 * Whether its own conditions can keep a job from running; in GitLab, later stages go on then. They
 * wait for a manual one that must not fail.
 */
function maySkip({ imported: { value } }: Job): boolean {
  const { status } = (value["when"] ?? {}) as { readonly status?: string };
  if (status === "manual" && value["allow_failure"] !== true) return false;
  return ["when", "only", "except"].some((key) => value[key] !== undefined);
}

function needOf(stage: string, withoutArtifacts: boolean, optional: boolean): unknown {
  if (!withoutArtifacts && !optional) return stage;
  return {
    stage,
    ...(withoutArtifacts ? { artifacts: false } : {}),
    ...(optional ? { optional: true } : {}),
  };
}

function explicitNeed(
  item: TreeNode,
  job: Job,
  jobs: readonly Job[],
  names: StageNames,
  wanted: ReadonlySet<string> | undefined,
  notes: Notes,
): readonly unknown[] {
  const name = textOf(item.kind === "map" ? get(item, "job") : item);
  const target = jobs.find((one) => one.name === name);
  if (name === undefined || get(item, "project") !== undefined || get(item, "pipeline")) {
    notes.add(item, `"${job.name}" needs something of another pipeline, which is left out`);
    return [];
  }
  const isOptional = textOf(get(item, "optional")) === "true";
  if (target === undefined) {
    if (!isOptional) notes.add(item, `"${job.name}" needs "${name}", which is not there`);
    return [];
  }
  const stage = names.of(name);
  const rows = itemsOf(get(get(item, "parallel"), "matrix")).filter((one) => one.kind === "map");
  const artifacts = isFalse(get(item, "artifacts")) || (wanted !== undefined && !wanted.has(name));
  if (rows.length === 0) return [needOf(stage, artifacts, isOptional)];
  return rows.flatMap((row) => {
    const values = entriesOf(row).map(([axis, { value }]) => [axis, scalarsOf(value)] as const);
    let product: Record<string, string>[] = [{}];
    for (const [axis, scalars] of values) {
      product = product.flatMap((one) => scalars.map(({ text }) => ({ ...one, [axis]: text })));
    }
    return product.map((matrix) => ({
      stage,
      matrix,
      ...(artifacts ? { artifacts: false } : {}),
      ...(isOptional ? { optional: true } : {}),
    }));
  });
}
