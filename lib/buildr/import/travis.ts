import { Diagnostics, type SourceText } from "../../diagnostics/mod.ts";
import { isNull, type MapNode, parseYaml } from "../../yaml_tree/mod.ts";
import { finishImport, type ImportResult, Notes, type StageDraft, StageNames } from "./draft.ts";
import type { ImportOptions } from "./gitlab.ts";
import { entriesOf, get, itemsOf, textOf } from "./_nodes.ts";
import { type JobPlan, stageValue } from "./_travis_stage.ts";
import { axesOf, globalVariables, languageOf } from "./_travis_variables.ts";
import { deepMerge } from "./_gitlab_tree.ts";
import { LANGUAGES } from "./_travis_languages.ts";

/** Keys that are read; those of languages with versions come on top. */
const READ = new Set(
  ("language dist os arch env jobs matrix stages services addons cache branches before_install " +
    "install before_script script after_success after_failure after_script before_cache sudo " +
    "version name stage if compiler group virt vm import osx_image")
    .split(" "),
);

/** What our manifest has for variables that Travis provides. */
const PROVIDED: Readonly<Record<string, string>> = {
  TRAVIS: "true",
  TRAVIS_BRANCH: "${branch}",
  TRAVIS_TAG: "${tag}",
  TRAVIS_COMMIT: "${commit}",
  TRAVIS_BUILD_DIR: "/app",
  TRAVIS_OS_NAME: "linux",
  TRAVIS_PULL_REQUEST: "false",
};

/**
 * Turns a `.travis.yml` into a manifest. The phases of a job become one script, as they ran in one
 * shell; versions and environments become a matrix.
 *
 * @param source The `.travis.yml`.
 * @returns The manifest, and notes about what could not be mapped.
 * @throws {DiagnosticsError} when the file itself has mistakes.
 */
export async function importTravis(
  source: SourceText,
  _options: ImportOptions,
): Promise<ImportResult> {
  const diagnostics = new Diagnostics();
  const notes = new Notes();
  const [document] = await parseYaml(source, diagnostics) ?? [];
  if (document !== undefined && document.kind !== "map" && !isNull(document)) {
    diagnostics.error(source, document.range, "A .travis.yml must be a mapping");
  }
  diagnostics.throwIfErrors(`Cannot import "${source.file}"`);
  const start = { source, range: { start: 0, end: 0 } };
  const root: MapNode = document?.kind === "map"
    ? document
    : { kind: "map", ...start, entries: new Map() };
  noteUnknown(root, notes);
  const plans = jobsOf(root, notes);
  const names = new StageNames();
  const globals = globalVariables(root, notes);
  const order = stageOrder(root, plans);
  const sorted = plans.toSorted((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage));
  const stages = sorted.map((plan): StageDraft => {
    const earlier = order.slice(0, order.indexOf(plan.stage));
    const needs = sorted.filter((one) => earlier.includes(one.stage)).map(({ name }) =>
      names.of(name)
    );
    const name = names.of(plan.name);
    return { name, value: stageValue(plan, root, needs, sorted.length === 1, notes) };
  }).map(withOptionalNeeds);
  const used = stages.flatMap(({ value }) => textsIn(value["script"])).join("\n");
  for (const [, name] of used.matchAll(/\$\{?(TRAVIS\w*)/g)) {
    const value = Object.hasOwn(PROVIDED, name!) ? PROVIDED[name!] : undefined;
    if (value !== undefined) globals[name!] = value;
    else if (!used.includes(`export ${name}=`)) {
      notes.add(start, `Nothing sets "${name}" here`, "set it yourself if it is needed");
    }
  }
  return await finishImport(
    {
      from: source.file,
      top: {
        workspace: sorted.length > 1 ? "copy" : undefined,
        ...(Object.keys(globals).length === 0 ? {} : { environment: { vars: globals } }),
      },
      stages,
    },
    notes,
    start,
  );
}

function noteUnknown(root: MapNode, notes: Notes): void {
  const versions = new Set(Object.values(LANGUAGES).map((one) => one.versions));
  for (const [name, { key }] of root.entries) {
    if (READ.has(name) || versions.has(name)) continue;
    const hint = name === "deploy" || name === "before_deploy"
      ? 'write a stage with "when: { branch: [main] }" for it'
      : undefined;
    notes.add(key, `"${name}" is left out`, hint);
  }
}

function jobsOf(root: MapNode, notes: Notes): readonly JobPlan[] {
  const jobs = get(root, "jobs") ?? get(root, "matrix");
  const plans: JobPlan[] = [];
  const include = itemsOf(get(jobs, "include"));
  const language = languageOf(root, notes);
  const hasAxis = axesOf(root, language).size > 0;
  // With a list of jobs alone, the job that the top describes is not one of them.
  const isListOnly = include.length > 0 && !hasAxis;
  if (!isListOnly) {
    const stage = stageNames(root)[0] ?? "test";
    plans.push({
      name: textOf(get(root, "name")) ?? "test",
      stage,
      node: root,
      at: root,
      matrix: hasAxis,
    });
  }
  let stage = stageNames(root)[0] ?? "test";
  include.forEach((item, index) => {
    if (item.kind !== "map") return notes.add(item, "A job that is no mapping is left out");
    const own = get(item, "stage");
    stage = textOf(own) ?? textOf(get(own, "name")) ?? stage;
    const name = textOf(get(item, "name")) ??
      (include.length === 1 ? stage : `${stage}-${index + 1}`);
    plans.push({
      name: unlike(name, plans),
      stage,
      node: inherit(root, item),
      at: item,
      matrix: false,
    });
  });
  for (const [key, { key: at }] of entriesOf(jobs)) {
    if (key === "include" || key === "exclude" || key === "fast_finish") continue;
    if (key === "allow_failures" && !hasAxis) continue;
    const hint = key === "allow_failures"
      ? "a whole stage may fail, not one of its rows"
      : undefined;
    notes.add(at, `"jobs.${key}" is left out`, hint);
  }
  return plans;
}

/** A name that no other job has: in Travis several may have the same one. */
function unlike(name: string, plans: readonly JobPlan[]): string {
  const taken = new Set(plans.map((plan) => plan.name));
  let result = name;
  for (let number = 2; taken.has(result); number++) result = `${name}-${number}`;
  return result;
}

function inherit(root: MapNode, job: MapNode): MapNode {
  const base = new Map(root.entries);
  for (const name of ["jobs", "matrix", "stages", "name", "env"]) base.delete(name);
  const merged = new Map(deepMerge({ ...root, entries: base }, job).entries);
  return { ...job, entries: merged };
}

function stageNames(root: MapNode): readonly string[] {
  return itemsOf(get(root, "stages")).flatMap((item) =>
    textOf(item.kind === "map" ? get(item, "name") : item) ?? []
  );
}

function stageOrder(root: MapNode, plans: readonly JobPlan[]): readonly string[] {
  return [...new Set([...stageNames(root), ...plans.map(({ stage }) => stage)])];
}

function textsIn(script: unknown): readonly string[] {
  return Array.isArray(script) ? script.map(String) : [];
}

/** A job that its own conditions keep from running keeps no later one from it. */
function withOptionalNeeds(
  { name, value }: StageDraft,
  _index: number,
  all: readonly StageDraft[],
): StageDraft {
  const { needs } = value;
  if (!Array.isArray(needs)) return { name, value };
  const optional = needs.map((stage) => {
    const target = all.find((one) => one.name === stage)?.value;
    const maySkip = ["when", "only", "except"].some((key) => target?.[key] !== undefined);
    return maySkip ? { stage, optional: true } : stage;
  });
  return { name, value: { ...value, needs: optional } };
}
