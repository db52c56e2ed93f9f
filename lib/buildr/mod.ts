/**
 * CI runs that live with the code and run on the desk: a manifest in the project (`.buildr.yml`),
 * read, planned and run in fresh containers, with nothing but an engine.
 *
 * Three steps, each of use alone: {@linkcode loadManifest} reads and checks a manifest of version 1
 * or 2, {@linkcode planRun} decides what runs, where and with what (nothing is started), and
 * `runPlan` does it. It is no server and no scheduler: what scales out is a queue and agents, which
 * do the same three steps elsewhere.
 *
 * Permissions: `--allow-read` of the project for reading and planning, `--allow-run=git` for facts;
 * what running needs is at `runPlan`.
 *
 * @example
 * ```ts
 * import { loadManifest, planRun, renderDryRun } from "@superorch/superorch/buildr";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.writeTextFile(
 *   `${directory}/.buildr.yml`,
 *   "image: busybox\nstages: [build]\nbuild: { script: [make] }\n",
 * );
 * const plan = planRun(await loadManifest({ path: directory }));
 * console.log(renderDryRun(plan)); // build: runs in the main container, busybox:latest …
 * await Deno.remove(directory, { recursive: true });
 * ```
 *
 * @module
 */

export { BuildrInputError } from "./input_error.ts";
export * from "./manifest/model.ts";
export * from "./plan/model.ts";
export { loadManifest } from "./manifest/load.ts";
export { findManifest, type FoundManifest, MANIFEST_NAMES } from "./manifest/find.ts";
export { DEFAULT_IMAGE, type ManifestPlace, readManifest } from "./manifest/read_manifest.ts";
export {
  AUTO_SHELL,
  needsShell,
  type ScriptLine,
  scriptLine,
  type ScriptLineProblem,
} from "./manifest/script_line.ts";
export { nodeId, planRun, runningNodes } from "./plan/plan_run.ts";
export { type FactOptions, gatherFacts } from "./plan/facts.ts";
export { findFiles, hashFiles } from "./plan/hash_files.ts";
export { compileGlob, globProblem, matchesGlob } from "./plan/glob.ts";
export { describePlacement, renderDryRun, renderNode } from "./plan/render_plan.ts";
export { type GraphFormat, renderGraph } from "./plan/graph.ts";
export { type ListedNode, listPlan } from "./plan/list.ts";
export { explainStage, type Explanation } from "./plan/explain.ts";
export {
  type ImportKind,
  importManifest,
  type ImportManifestOptions,
} from "./import/import_manifest.ts";
export type { ImportResult } from "./import/draft.ts";
export {
  existingManifest,
  initManifest,
  type InitOptions,
  type InitResult,
} from "./init/init_manifest.ts";
export type { ProjectKind } from "./init/detect.ts";
export { manifestSchema } from "./schema.ts";
export { MASK, Masker } from "./secrets/masker.ts";
export { SecretError, type SecretProblem } from "./secrets/errors.ts";
export { openSecrets, type OpenSecretsOptions } from "./secrets/open.ts";
export { open, seal } from "./secrets/envelope.ts";
export {
  defaultKeyPath,
  findIdentities,
  type FoundIdentities,
  generateKeyPair,
  type IdentityOptions,
  type KeyPair,
  recipientsOf,
  writeIdentity,
} from "./secrets/identity.ts";
export {
  checkSecrets,
  readSecrets,
  rotateSecrets,
  type SecretState,
  type SecretStoreOptions,
  setSecrets,
} from "./secrets/store.ts";
export { runPlan } from "./run/run_plan.ts";
export { runEvents } from "./run/run_events.ts";
export type { KeepPolicy, PullPolicy, RunPlanOptions, StageSession } from "./run/options.ts";
export type {
  FailureCause,
  NodeFailure,
  NodeResult,
  NodeStatus,
  RunResult,
  RunStatus,
} from "./run/result.ts";
export type * from "./run/events.ts";
export { BUILDR_LABEL, type BuildrKind } from "./run/labels.ts";
export { type CleanedThing, type CleanOptions, cleanProject } from "./run/clean.ts";
export { junitXml } from "./report/junit.ts";
export { githubAnnotations } from "./report/github.ts";
export { RESULT_COLUMNS, resultRows } from "./report/table.ts";
export { mayRunTogether } from "./report/parallel.ts";
