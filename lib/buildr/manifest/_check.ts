import type { Located, Manifest, Place, Stage } from "./model.ts";
import { parseTemplate } from "./interpolation.ts";
import { rowMatches } from "./_matrix.ts";
import { meant, orList, type Reader } from "./_reader.ts";
import { operatorAfterShell, scriptLine, suspiciousOperators } from "./script_line.ts";

/**
 * Checks what only the whole of a manifest shows.
 *
 * @param manifest The manifest.
 * @param reader Takes mistakes.
 */
export function checkManifest(manifest: Manifest, reader: Reader): void {
  const all = [manifest.prepare, ...manifest.stages, manifest.after]
    .filter((stage) => stage !== undefined);
  for (const stage of all) {
    checkScript(stage, manifest, reader);
    checkSecrets(stage, manifest, reader);
    if (manifest.version === 2) checkTemplates(stage, reader);
  }
  if (manifest.version === 2) {
    checkReferences([manifest.image], undefined, reader);
    // Variables are filled in for each stage, so they may contain its name.
    checkReferences(valuesOf(manifest.environment.vars), "any", reader);
    checkNeeds(manifest, reader);
    checkUnusedSecrets(manifest, all, reader);
  }
}

function checkScript(stage: Stage, manifest: Manifest, reader: Reader): void {
  if (stage.script.length === 0) {
    reader.warn(stage.at, "empty-script", `Stage "${stage.name}" has no "script"`);
  }
  for (const line of stage.script) {
    if (line.value.trim() === "") {
      reader.error(line.at, "empty-line", `A line of "${stage.name}" is empty`);
      continue;
    }
    if (line.value.includes("\0")) {
      reader.error(line.at, "bad-line", `A line of "${stage.name}" contains a NUL byte`);
      continue;
    }
    const run = scriptLine(line.value, stage.shell);
    if ("problem" in run) {
      const at = partOf(line, run.offset, 1);
      reader.error(at, "bad-line", `Cannot split this line into words: ${run.problem}`);
      continue;
    }
    if (run.shell || manifest.version === 2 && typeof stage.shell === "object") continue;
    const after = operatorAfterShell(line.value);
    if (after !== undefined) {
      const message = "What follows the shell's script here is given to it as arguments";
      reader.warn(partOf(line, after, 1), "operator-after-shell", message, "put it in the quotes");
    }
    for (const offset of suspiciousOperators(line.value)) {
      const message = `This "${line.value[offset]}" within a word is no operator`;
      const hint = "put spaces around it if it is meant to be one, or the word in quotes";
      reader.warn(partOf(line, offset, 1), "operator-in-word", message, hint);
    }
  }
}

/** A part of a line of a script, or all of it where the file writes it otherwise. */
function partOf({ value, at }: Located<string>, offset: number, length: number): Place {
  const { source, range } = at;
  for (const start of [range.start, range.start + 1]) {
    if (source.text.startsWith(value, start) && start + value.length <= range.end) {
      return { source, range: { start: start + offset, end: start + offset + length } };
    }
  }
  return at;
}

function checkSecrets(stage: Stage, manifest: Manifest, reader: Reader): void {
  for (const { value, at } of stage.secrets) {
    if (manifest.secrets.has(value)) continue;
    const near = meant(value, manifest.secrets.keys());
    const hint = near ||
      `declare it below "secrets", as "superorch buildr secret set ${value}" does`;
    reader.error(at, "undeclared-secret", `There is no secret "${value}"`, hint);
  }
  if (stage.snapshot !== undefined && stage.secrets.length > 0) {
    const message = "A snapshot is never made of a stage with secrets: they could be left in it";
    reader.error(stage.secrets[0]!.at, "snapshot-with-secrets", message);
  }
}

function checkUnusedSecrets(manifest: Manifest, all: readonly Stage[], reader: Reader): void {
  const used = new Set(all.flatMap(({ secrets }) => secrets.map(({ value }) => value)));
  for (const { name, at } of manifest.secrets.values()) {
    if (used.has(name)) continue;
    const hint = 'list it in the "secrets" of a stage';
    reader.warn(at, "unused-secret", `No stage gets the secret "${name}"`, hint);
  }
}

function valuesOf(
  variables: readonly { readonly value: string; readonly at: Place }[],
): readonly Located<string>[] {
  return variables.map(({ value, at }) => ({ value, at }));
}

function checkTemplates(stage: Stage, reader: Reader): void {
  const templates: Located<string>[] = [...valuesOf(stage.environment)];
  if (stage.image !== undefined) templates.push(stage.image);
  if (stage.concurrency !== undefined) templates.push(stage.concurrency);
  for (const { image, environment } of stage.services) {
    templates.push(image, ...valuesOf(environment));
  }
  for (const { key, fallback } of stage.caches) templates.push(key, ...fallback);
  for (const { paths } of stage.artifacts) templates.push(...paths);
  checkReferences(templates, stage, reader);
  for (const line of stage.script) {
    for (const found of line.value.matchAll(/(\$?)\$\{matrix\.([A-Za-z_][\w-]*)\}/g)) {
      if (found[1] === "$") continue;
      checkAxis(found[2]!, partOf(line, found.index, found[0].length), stage, reader);
    }
  }
}

function checkReferences(
  templates: readonly Located<string>[],
  stage: Stage | "any" | undefined,
  reader: Reader,
): void {
  for (const one of templates) {
    for (const part of parseTemplate(one.value).parts) {
      if (part.kind !== "reference") continue;
      const { reference, start, end } = part;
      const at = partOf(one, start, end - start);
      if (reference.kind === "matrix") {
        checkAxis(reference.name, at, stage === "any" ? undefined : stage, reader);
      }
      if (reference.kind === "fact" && reference.name === "stage" && stage === undefined) {
        reader.error(at, "bad-interpolation", 'There is no "${stage}" here: it is no stage');
      }
    }
  }
}

function checkAxis(name: string, at: Place, stage: Stage | undefined, reader: Reader): void {
  const rows = stage?.matrix;
  if (rows === undefined) {
    if (stage !== undefined && reader.wrongMatrices.has(stage.name)) return;
    const what = stage === undefined ? "only stages have rows" : `"${stage.name}" has no "matrix"`;
    reader.error(at, "bad-interpolation", `Cannot replace "\${matrix.${name}}": ${what}`);
    return;
  }
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  if (rows.every((row) => Object.hasOwn(row, name))) return;
  const message = names.has(name)
    ? `Not every row of "${stage!.name}" has "${name}"`
    : `The matrix of "${stage!.name}" has no "${name}"`;
  reader.error(at, "bad-interpolation", message, names.has(name) ? "" : meant(name, names));
}

function checkNeeds(manifest: Manifest, reader: Reader): void {
  const byName = new Map(manifest.stages.map((stage) => [stage.name, stage]));
  for (const stage of manifest.stages) {
    const seen = new Set<string>();
    for (const need of stage.needs ?? []) {
      const target = byName.get(need.stage);
      const key = JSON.stringify([need.stage, need.matrix]);
      if (seen.has(key)) reader.warn(need.at, "duplicate-need", `"${need.stage}" is needed twice`);
      seen.add(key);
      if (need.stage === "prepare" && manifest.prepare !== undefined) {
        const hint = `leave it out: "needs: []" is as soon as "prepare" is done`;
        reader.error(need.at, "undefined-stage", 'Every stage needs "prepare" anyway', hint);
      } else if (target === undefined) {
        const hint = meant(need.stage, [...byName.keys()].filter((name) => name !== stage.name));
        const message = `Stage "${stage.name}" needs "${need.stage}", and there is no such stage`;
        reader.error(need.at, "undefined-stage", message, hint);
      } else if (need.matrix !== undefined) checkRow(need.at, need.matrix, target, reader);
    }
  }
  checkCycles(manifest, byName, reader);
}

function checkRow(
  at: Place,
  wanted: Readonly<Record<string, string>>,
  target: Stage,
  reader: Reader,
): void {
  if (target.matrix === undefined) {
    if (reader.wrongMatrices.has(target.name)) return;
    reader.error(at, "unknown-row", `Stage "${target.name}" has no "matrix"`);
    return;
  }
  if (target.matrix.some((row) => rowMatches(row, wanted))) return;
  const shown = Object.entries(wanted).map(([name, value]) => `${name}=${value}`).join(", ");
  const axes = new Set(target.matrix.flatMap((row) => Object.keys(row)));
  const unknown = Object.keys(wanted).find((name) => !axes.has(name));
  const hint = unknown !== undefined
    ? meant(unknown, axes) || `its matrix has ${orList([...axes])}`
    : "";
  reader.error(at, "unknown-row", `Stage "${target.name}" has no row with ${shown}`, hint);
}

/** Names of the stages that must have ended before one starts. */
export function neededStages(stage: Stage, manifest: Manifest): readonly string[] {
  if (stage.needs !== undefined) return [...new Set(stage.needs.map((need) => need.stage))];
  const index = manifest.stages.findIndex(({ name }) => name === stage.name);
  return manifest.stages.slice(0, Math.max(index, 0)).map(({ name }) => name);
}

function checkCycles(
  manifest: Manifest,
  byName: ReadonlyMap<string, Stage>,
  reader: Reader,
): void {
  const state = new Map<string, "open" | "done">();
  const path: string[] = [];
  const visit = (stage: Stage): void => {
    state.set(stage.name, "open");
    path.push(stage.name);
    for (const name of neededStages(stage, manifest)) {
      const next = byName.get(name);
      if (next === undefined) continue;
      const known = state.get(name);
      if (known === undefined) visit(next);
      else if (known === "open") {
        const cycle = [...path.slice(path.indexOf(name)), name];
        const at = stage.needs?.find((need) => need.stage === name)?.at ?? stage.at;
        const implicit = cycle.slice(0, -1).find((one) => byName.get(one)?.needs === undefined);
        const shown = cycle.map((one) => `"${one}"`).join(" needs ");
        const hint = implicit === undefined
          ? ""
          : `"${implicit}" has no "needs", so it waits for every stage before it in "stages"`;
        reader.error(at, "cycle", `Stages need each other: ${shown}`, hint);
      }
    }
    path.pop();
    state.set(stage.name, "done");
  };
  for (const stage of manifest.stages) if (!state.has(stage.name)) visit(stage);
}
