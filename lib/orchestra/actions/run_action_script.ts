import { LOCKED_ROOT_VARIABLE } from "../installed/root_lock.ts";
import type { ActionContext, ScriptPlace } from "./action_context.ts";
import { runScript } from "./run_script.ts";

/**
 * Runs the script of an action, with its messages.
 *
 * @param program The script, with its strict mode and its variables in front.
 * @param script The script as it is in the configuration.
 * @param context What the action works on.
 * @param place What the script is for.
 * @throws {ScriptFailedError} when it fails.
 */
export async function runActionScript(
  program: string,
  script: string,
  context: ActionContext,
  place: ScriptPlace,
): Promise<void> {
  const { configuration, log, onOutput, logFile, options, signal } = context;
  log("INFO", `The following script is going to be executed:\n${script}`);
  const runner = options.scriptRunner?.(place);
  await runScript(program, {
    env: { ...context.env, [LOCKED_ROOT_VARIABLE]: configuration.paths.orchestraRoot },
    ...(onOutput === undefined ? {} : { onOutput }),
    ...(logFile === undefined ? {} : { logFile }),
    onLogError: ({ message }) => log("WARNING", `Cannot write to ${logFile}: ${message}`),
    ...(runner === undefined ? {} : { runner }),
    ...(signal === undefined ? {} : { signal }),
  });
}
