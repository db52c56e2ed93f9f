/**
 * What changes things: plans that are carried out, one action after the other or several at a time,
 * and what goes with that.
 *
 * Permissions: `--allow-all`, as scripts of a configuration have.
 *
 * @example
 * ```ts
 * import { loadConfiguration } from "@superorch/superorch/orchestra/config";
 * import { perform } from "@superorch/superorch/orchestra/actions";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.mkdir(`${directory}/.orchestra/config`, { recursive: true });
 * await Deno.writeTextFile(`${directory}/.orchestra/config/user_options.yml`, "");
 * await Deno.writeTextFile(
 *   `${directory}/.orchestra/config/components.yml`,
 *   `components:
 *   hello:
 *     builds:
 *       plain:
 *         configure: mkdir -p "$BUILD_DIR"
 *         install: echo hello > "$TMP_ROOT$ORCHESTRA_ROOT/hello"
 * `,
 * );
 * const configuration = await loadConfiguration({ dotdir: `${directory}/.orchestra` });
 * const { done } = await perform({
 *   configuration,
 *   purpose: "install hello",
 *   request: {
 *     targets: [{ kind: "install", component: "hello", build: "plain" }],
 *     fromSource: true,
 *   },
 *   log: () => {},
 * });
 * console.log(done); // ["configure hello@plain", "install hello@plain"]
 * console.log(await Deno.readTextFile(`${directory}/root/hello`)); // "hello\n"
 * await Deno.remove(directory, { recursive: true });
 * ```
 *
 * @module
 */

export { perform, type Performed, type PerformOptions } from "./perform.ts";
export {
  type ActionEvent,
  ActionFailedError,
  runPlan,
  type RunPlanOptions,
  type RunResult,
} from "./run_plan.ts";
export type { ActionOptions, ScriptPlace } from "./action_context.ts";
export { ScriptFailedError, type ScriptRunner } from "./run_script.ts";
export {
  ArchiveNotFoundError,
  checkPrerequisites,
  type PrerequisiteOptions,
} from "./prerequisites.ts";
export { cleanAll, cleanBuild, type CleanOptions } from "./clean.ts";
export { diagnoseOrchestra, type OrchestraCheck } from "./diagnose.ts";
