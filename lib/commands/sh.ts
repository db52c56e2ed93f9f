import { command } from "./command.ts";
import type { CommandOptions } from "./command_spec.ts";
import type { RunToCompletionOptions } from "./run_options.ts";

/** Options of {@linkcode sh}: those of the command and those of its run. */
export interface ShOptions extends CommandOptions, RunToCompletionOptions {}

/**
 * Runs a command, shows what it prints while it runs, requires success, and gives its standard
 * output.
 *
 * There is no shell: a text is split at white space, and of an array the first element is, while
 * the others are passed as they are. For pipes and quotes there is {@linkcode shell}.
 *
 * Permissions: `--allow-run`.
 *
 * @param parts The command.
 * @param options Options of the command and of its run.
 * @returns Its standard output.
 * @throws {CommandFailedError} when it fails.
 * @throws {TypeError} when there is no command, or the output is not UTF-8.
 * @throws {unknown} the same as {@linkcode Command.runToCompletion}.
 * @example
 * ```ts
 * import { sh } from "@superorch/superorch/commands";
 *
 * const text = await sh(["echo one", "two words"]); // shows "echo 4711  | one two words"
 * console.log(text); // "one two words\n"
 * ```
 */
export function sh(parts: string | readonly string[], options: ShOptions = {}): Promise<string> {
  return run(parts, { ...options, forward: options.forward ?? !options.interactive });
}

/**
 * Does the same as {@linkcode sh} and shows nothing.
 *
 * @param parts The command.
 * @param options Options of the command and of its run.
 * @returns Its standard output.
 * @throws {unknown} the same as {@linkcode sh}.
 */
export function shQuiet(
  parts: string | readonly string[],
  options: ShOptions = {},
): Promise<string> {
  return run(parts, { ...options, forward: false });
}

async function run(parts: string | readonly string[], options: ShOptions): Promise<string> {
  const { stdin, input, signal, stdout, stderr, sinks, group, timeoutMs, ...own } = options;
  const [first = "", ...rest] = typeof parts === "string" ? [parts] : parts;
  const { args = [], ...others } = own;
  const result = await command(first, { ...others, args: [...rest, ...args] })
    .runToCompletion({ stdin, input, signal, stdout, stderr, sinks, group, timeoutMs });
  return result.assertSuccess().stdoutText();
}
