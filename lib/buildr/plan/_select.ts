import { didYouMean } from "../../diagnostics/mod.ts";
import { neededStages } from "../manifest/_check.ts";
import { BuildrInputError } from "../input_error.ts";
import type { Manifest, MatrixRow } from "../manifest/model.ts";
import type { Selection, SkipReason } from "./model.ts";

/** What a selection says of stages and rows. */
export interface Selected {
  /** Why a stage does not run; `undefined` when it does. */
  readonly stage: (name: string) => SkipReason | undefined;
  /** Why a row does not run; `undefined` when it does. */
  readonly row: (row: MatrixRow | undefined) => SkipReason | undefined;
  /** Whether somebody asked for `prepare` itself. */
  readonly namesPrepare: boolean;
}

/**
 * Works out which stages were asked for.
 *
 * @param manifest The manifest.
 * @param selection What was asked for.
 * @throws {BuildrInputError} with every name and value that is not there.
 */
export function select(manifest: Manifest, selection: Selection): Selected {
  checkNames(manifest, selection);
  const order = manifest.stages.map(({ name }) => name);
  const { stages = [], only = [], tags = [], skipTags = [], skip = [] } = selection;
  const named = new Set([...stages, ...only]);
  const tagged = manifest.stages.filter((stage) => stage.tags.some((tag) => tags.includes(tag)))
    .map(({ name }) => name);
  let chosen = new Set(order);
  let why = "it was not asked for";
  if (named.size > 0) chosen = new Set([...withNeeds(stages, manifest), ...only]);
  else if (tags.length > 0) {
    chosen = withNeeds(tagged, manifest);
    why = `no stage with tag ${tags.map((tag) => `"${tag}"`).join(" or ")} needs it`;
  }
  const from = selection.from === undefined || selection.from === "prepare"
    ? 0
    : order.indexOf(selection.from);
  const until = selection.until === undefined
    ? order.length - 1
    : selection.until === "prepare"
    ? -1
    : order.indexOf(selection.until);
  const skipReason = (code: SkipReason["code"], message: string): SkipReason => ({ code, message });
  return {
    namesPrepare: named.has("prepare") || selection.until === "prepare",
    stage: (name) => {
      if (name === "prepare" || name === "after") {
        if (skip.includes(name)) return skipReason("skip", `--skip ${name}`);
        return undefined;
      }
      const stage = manifest.stages.find((one) => one.name === name)!;
      const index = order.indexOf(name);
      if (skip.includes(name)) return skipReason("skip", `--skip ${name}`);
      if (!chosen.has(name)) return skipReason("selection", why);
      if (index < from) return skipReason("selection", `it stands before "${selection.from}"`);
      if (index > until) return skipReason("selection", `it stands after "${selection.until}"`);
      const unwanted = stage.tags.find((tag) => skipTags.includes(tag));
      if (unwanted !== undefined) return skipReason("skip", `--skip-tags ${unwanted}`);
      if (named.has(name) || tagged.includes(name)) return undefined;
      if (stage.tags.length > 0) {
        if (stage.tags.every((tag) => selection.grantedTags?.includes(tag))) return undefined;
        const wanted = stage.tags.map((tag) => `"${tag}"`).join(" or ");
        return skipReason("tags", `it runs only with --tags ${wanted.replaceAll('"', "")}`);
      }
      if (stage.when.status === "manual") {
        return skipReason("manual", "it runs only when it is named (when.status: manual)");
      }
      return undefined;
    },
    row: (row) => {
      if (row === undefined) return undefined;
      for (const [name, values] of Object.entries(selection.matrix ?? {})) {
        if (!Object.hasOwn(row, name) || values.includes(row[name]!)) continue;
        return skipReason("matrix", `--matrix ${name}=${values.join(",")}`);
      }
      return undefined;
    },
  };
}

function withNeeds(names: readonly string[], manifest: Manifest): Set<string> {
  const result = new Set<string>();
  const add = (name: string): void => {
    if (result.has(name)) return;
    result.add(name);
    const stage = manifest.stages.find((one) => one.name === name);
    if (stage !== undefined) neededStages(stage, manifest).forEach(add);
  };
  names.forEach(add);
  return result;
}

function checkNames(manifest: Manifest, selection: Selection): void {
  const order = manifest.stages.map(({ name }) => name);
  const frame = manifest.prepare === undefined ? [] : ["prepare"];
  const known = [...order, ...frame];
  const skippable = manifest.after === undefined ? known : [...known, "after"];
  const wrong: string[] = [];
  const check = (names: readonly string[], allowed: readonly string[], option: string): void => {
    for (const name of names) {
      if (allowed.includes(name)) continue;
      const near = didYouMean(name, allowed);
      const hint = near === undefined ? "" : `, did you mean "${near}"?`;
      wrong.push(`There is no stage ${JSON.stringify(name)}${option}${hint}`);
    }
  };
  check(selection.stages ?? [], known, "");
  check(selection.only ?? [], known, " for --only");
  check(selection.from === undefined ? [] : [selection.from], known, " for --from");
  check(selection.until === undefined ? [] : [selection.until], known, " for --until");
  check(selection.skip ?? [], skippable, " for --skip");
  const tags = new Set(manifest.stages.flatMap((stage) => stage.tags));
  for (const tag of [...selection.tags ?? [], ...selection.skipTags ?? []]) {
    if (tags.has(tag)) continue;
    const near = didYouMean(tag, tags);
    const hint = near === undefined ? "" : `, did you mean "${near}"?`;
    wrong.push(`No stage has the tag ${JSON.stringify(tag)}${hint}`);
  }
  const rows = manifest.stages.flatMap(({ matrix = [] }) => matrix);
  for (const [name, values] of Object.entries(selection.matrix ?? {})) {
    const there = new Set(
      rows.flatMap((row) => Object.hasOwn(row, name) ? [row[name]!] : []),
    );
    if (there.size === 0) {
      const near = didYouMean(name, rows.flatMap((row) => Object.keys(row)));
      const hint = near === undefined ? "" : `, did you mean "${near}"?`;
      wrong.push(`No matrix has ${JSON.stringify(name)}${hint}`);
      continue;
    }
    for (const value of values) {
      if (there.has(value)) continue;
      const list = [...there].map((one) => `"${one}"`).join(", ");
      wrong.push(`In no matrix is "${name}" ${JSON.stringify(value)}: there are ${list}`);
    }
  }
  if (wrong.length > 0) throw new BuildrInputError(wrong.join("\n"));
}
