import { parseEnvFile } from "../lib/compose/mod.ts";
import { Diagnostics, renderDiagnostics, SourceText } from "../lib/diagnostics/mod.ts";
import { loadManifest } from "../lib/buildr/manifest/load.ts";
import { gatherFacts } from "../lib/buildr/plan/facts.ts";
import { planRun } from "../lib/buildr/plan/plan_run.ts";
import type { LastRun, RunPlan } from "../lib/buildr/plan/model.ts";
import { pairs, type PlanFlags } from "./_buildr_flags.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads the manifest and makes the plan that the flags ask for; what is doubtful is shown.
 *
 * @param stages Names of stages; none for all.
 * @param flags The flags.
 * @param output Warnings go to standard error.
 * @param options `lastRun` for `--rerun-failed`; `quiet` shows no warnings.
 */
export async function makePlan(
  stages: readonly string[],
  flags: PlanFlags,
  output: Output,
  options: {
    readonly lastRun?: LastRun;
    readonly quiet?: boolean;
    readonly signal?: AbortSignal;
  } = {},
): Promise<RunPlan> {
  const { signal, lastRun } = options;
  const manifest = await loadManifest({
    signal,
    ...(flags.path === undefined ? {} : { path: flags.path }),
    ...(flags.file === undefined ? {} : { file: flags.file }),
  });
  const variables = await variablesOf(flags);
  const facts = await gatherFacts(manifest, { variables, signal });
  const plan = planRun(manifest, {
    facts,
    ...(stages.length === 0 ? {} : { stages }),
    ...(flags.only === undefined ? {} : { only: flags.only }),
    ...(flags.from === undefined ? {} : { from: flags.from }),
    ...(flags.until === undefined ? {} : { until: flags.until }),
    ...(flags.skip === undefined ? {} : { skip: flags.skip }),
    ...(flags.tags === undefined ? {} : { tags: flags.tags }),
    ...(flags.skipTags === undefined ? {} : { skipTags: flags.skipTags }),
    ...(flags.matrix === undefined ? {} : { matrix: matrixOf(flags.matrix) }),
    ...(lastRun === undefined ? {} : { rerunFailed: lastRun }),
  });
  if (options.quiet !== true && plan.warnings.length > 0) {
    const text = renderDiagnostics(plan.warnings, { colour: output.err.colour });
    output.err.write(`${text}\n`);
  }
  return plan;
}

function matrixOf(words: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const matrix: Record<string, string[]> = {};
  for (const [name, value] of pairs(words, "--matrix")) (matrix[name] ??= []).push(value);
  return matrix;
}

async function variablesOf(flags: PlanFlags): Promise<Readonly<Record<string, string>>> {
  const variables: Record<string, string> = {};
  for (const path of flags.envFile ?? []) {
    for (const [name, value] of await readPairs(path)) variables[name] = value;
  }
  for (const [name, value] of pairs(flags.env, "--env")) variables[name] = value;
  return variables;
}

/**
 * Reads a file of `NAME=value` lines.
 *
 * @param path The file.
 * @throws {DiagnosticsError} with every mistake.
 * @throws {UsageError} when it cannot be read.
 */
export async function readPairs(path: string): Promise<ReadonlyMap<string, string>> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(`Cannot read "${path}": ${(error as Error).message}`);
  }
  const diagnostics = new Diagnostics();
  const values = parseEnvFile(new SourceText(path, text), diagnostics, { read: Deno.env.get });
  diagnostics.throwIfErrors(`Cannot use "${path}"`);
  return values;
}

/**
 * Reads the values of secrets that files give.
 *
 * @param paths The files.
 * @param plan Its manifest must know each name.
 */
export async function secretsFrom(
  paths: readonly string[] | undefined,
  plan: RunPlan,
): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  for (const path of paths ?? []) {
    for (const [name, value] of await readPairs(path)) {
      if (!plan.manifest.secrets.has(name)) {
        const known = [...plan.manifest.secrets.keys()].join(", ") || "none";
        throw new UsageError(
          `Cannot use secret "${name}" of "${path}": the manifest has no such secret (it has ${known})`,
        );
      }
      values.set(name, value);
    }
  }
  return values;
}
