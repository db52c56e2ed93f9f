/**
 * Programs: started, recorded, logged, shown, limited, and ended with everything that they have
 * started.
 *
 * A {@linkcode Command} is plain data; running it gives a {@linkcode CommandRunner}. There is no
 * shell: {@linkcode command} splits a text at white space and nothing else. For shell-like scripts
 * {@linkcode shell} loads dax. This module runs programs of this machine; containers have their
 * own module, which shares `commands/output`.
 *
 * What ends when: a runner that is disposed of, a time-out or an abort ends the whole process group.
 * SIGINT, SIGTERM and SIGHUP are passed on to running commands, and this program dies of them when
 * the commands have ended ({@linkcode holdSignals} leaves that to its own handlers). A program that
 * ends in any other way kills its commands, but for SIGKILL, which nobody can react to: a command
 * in a group goes on then, unless it was made with `dieWithParent`.
 *
 * Permissions: `--allow-run`, without a list of programs, or ending a command does not reach what
 * it has started (Deno wants that for signals to process groups); `--allow-read` for `cwd`; `--allow-write` for logs (and
 * `--allow-read` for those with a limit). Only `--allow-all` lets it look into `/proc`, where it
 * finds grandchildren of commands that were started without a group, and sees zombies for what
 * they are.
 *
 * @example
 * ```ts
 * import { command } from "@superorch/superorch/commands";
 *
 * const hello = command("echo hello", { recordLimitBytes: 1024 });
 * const result = await hello.arg("world").runToCompletion();
 * console.log(result.assertSuccess().stdoutText()); // "hello world\n"
 * ```
 *
 * @module
 */

export { Command, command } from "./command.ts";
export {
  type CommandOptions,
  type CommandSpec,
  DEFAULT_DRAIN_MS,
  DEFAULT_GRACE_MS,
  DEFAULT_RECORD_LIMIT_BYTES,
  type LogFileSpec,
  type LogTarget,
  type PerStream,
} from "./command_spec.ts";
export type { CommandInput, RunOptions, RunToCompletionOptions } from "./run_options.ts";
export { CommandRunner } from "./command_runner.ts";
export { CommandResult, type CommandResultFields } from "./command_result.ts";
export {
  CommandFailedError,
  type CommandFailure,
  CommandFinishedError,
  CommandOutputError,
  CommandStartError,
  CommandTimeoutError,
} from "./errors.ts";
export { commandLine, escapeControls } from "./command_line.ts";
export { isSecretEnv, redactorOf } from "./secrets.ts";
export { holdSignals } from "./signal_hold.ts";
export { sh, type ShOptions, shQuiet } from "./sh.ts";
export { type Shell, shell } from "./shell.ts";
