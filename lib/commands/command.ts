import { checkSpec } from "./_checks.ts";
import { startCommand } from "./_start.ts";
import { commandLine } from "./command_line.ts";
import type { CommandResult } from "./command_result.ts";
import type { CommandRunner } from "./command_runner.ts";
import type { CommandOptions, CommandSpec } from "./command_spec.ts";
import type { CommandInput, RunOptions, RunToCompletionOptions } from "./run_options.ts";
import { runToCompletion } from "./run_to_completion.ts";
import { isSecretEnv, redactorOf } from "./secrets.ts";

/**
 * A command that can be run any number of times: immutable, made by {@linkcode command}.
 *
 * Its data is {@linkcode Command.spec}; `JSON.stringify` gives exactly that (with secrets, or it
 * could not be run elsewhere), printing gives a redacted form.
 */
export class Command {
  /** Everything about the command, frozen. */
  readonly spec: CommandSpec;

  /**
   * Makes a command from its data, for example from `JSON.parse`.
   *
   * @param spec The data.
   * @throws {TypeError} when a field is unknown or has a wrong type, naming it.
   */
  constructor(spec: CommandSpec) {
    const given = Object.entries(spec).filter(([, value]) => value !== undefined);
    const data = Object.fromEntries(given) as unknown as CommandSpec;
    checkSpec(data);
    this.spec = deepFreeze(structuredClone(data));
  }

  /**
   * Adds one argument, which is passed as it is.
   *
   * @param argument The argument.
   * @returns A new command.
   */
  arg(argument: string): Command {
    return this.args(argument);
  }

  /**
   * Adds arguments, each passed as it is.
   *
   * @param args The arguments.
   * @returns A new command.
   */
  args(...args: readonly string[]): Command {
    return new Command({ ...this.spec, args: [...this.spec.args, ...args] });
  }

  /**
   * Adds environment variables; later ones replace earlier ones of the same name.
   *
   * @param variables The variables.
   * @returns A new command.
   */
  env(variables: Readonly<Record<string, string>>): Command {
    return this.with({ env: { ...this.spec.env, ...variables } });
  }

  /**
   * Sets where the command runs.
   *
   * @param directory The directory; it must exist when the command is run.
   * @returns A new command.
   */
  cwd(directory: string): Command {
    return this.with({ cwd: directory });
  }

  /**
   * Replaces options; `undefined` takes one back to its default.
   *
   * @param options The options.
   * @returns A new command.
   */
  with(options: CommandOptions): Command {
    return new Command({ ...this.spec, ...options, args: options.args ?? this.spec.args });
  }

  /**
   * Starts the command.
   *
   * Permissions: `--allow-run`; `--allow-read` and `--allow-write` for a directory and for logs.
   *
   * @param options Its standard input, and what ends it.
   * @returns The running command. Dispose of it (`await using`): it is killed if it still runs.
   * @throws {CommandStartError} when it cannot be started; nothing runs then.
   * @throws {unknown} the reason of `options.signal` when that is aborted before the start.
   */
  run(options: RunOptions = {}): Promise<CommandRunner> {
    return startCommand(this, options);
  }

  /**
   * Runs the command and waits for its end.
   *
   * What it leaves running in the background goes on, as in a shell, except after a time-out or an
   * abort: then it is terminated with everything that it has started.
   *
   * @param options Its standard input, a time limit, an abort signal.
   * @returns How it ended; a failure is a result too.
   * @throws {CommandStartError} when it cannot be started.
   * @throws {CommandTimeoutError} when it did not end within `timeoutMs`.
   * @throws {CommandOutputError} when a log could not be written, or the input could not be read.
   * @throws {unknown} the reason of `options.signal` when that is aborted.
   */
  runToCompletion(options: RunToCompletionOptions = {}): Promise<CommandResult> {
    return runToCompletion(this, options);
  }

  /**
   * Runs the command with some input and waits for its end. A command that does not read all of it
   * is none the worse for that.
   *
   * @param input Bytes, a text, or a stream of bytes.
   * @param options A time limit, an abort signal.
   * @returns How it ended.
   * @throws {unknown} the same as {@linkcode Command.runToCompletion}.
   */
  runWithInput(
    input: CommandInput,
    options: Omit<RunToCompletionOptions, "stdin" | "input"> = {},
  ): Promise<CommandResult> {
    return runToCompletion(this, { ...options, input });
  }

  /** The data, for `JSON.stringify`. */
  toJSON(): CommandSpec {
    return this.spec;
  }

  /** The command as one redacted line; see {@linkcode commandLine}. */
  toString(): string {
    return commandLine(this.spec);
  }

  /** What `console.log` shows under Deno: the line, and every option, redacted. */
  [Symbol.for("Deno.customInspect")](
    inspect: (value: unknown, options?: unknown) => string,
    options?: unknown,
  ): string {
    return this.#show((value) => inspect(value, options));
  }

  /** What `console.log` shows under Node. */
  [Symbol.for("nodejs.util.inspect.custom")](
    _depth: number,
    options: unknown,
    inspect: (value: unknown, options?: unknown) => string,
  ): string {
    return this.#show((value) => inspect(value, options));
  }

  #show(inspect: (value: unknown) => string): string {
    const { program: _program, args: _args, secrets, env, ...rest } = this.spec;
    const shown: Record<string, unknown> = { line: this.toString(), ...rest };
    const redactor = redactorOf(this.spec);
    if (env !== undefined) {
      shown.env = Object.fromEntries(
        Object.entries(env).map(([name, value]) => [
          name,
          isSecretEnv(this.spec, name) ? "[redacted]" : redactor.text(value),
        ]),
      );
    }
    if (secrets !== undefined) shown.secrets = `${secrets.length} values`;
    return `Command ${inspect(shown)}`;
  }
}

/**
 * Makes a command.
 *
 * A text is split at white space: no quotes, no escapes, no shell. An array is taken as it is, so
 * `command(["my program", "a b"])` has a program with a space in its name and one argument.
 *
 * @param words The program and its first arguments.
 * @param options Everything else; `args` are added after those of `words`.
 * @returns The command; nothing is started.
 * @throws {TypeError} when there is no program, or an option has a wrong type.
 * @example
 * ```ts
 * import { command } from "@superorch/superorch/commands";
 *
 * const result = await command("echo one  two").arg("a b").runToCompletion();
 * console.log(result.stdoutText()); // "one two a b\n"
 * ```
 */
export function command(words: string | readonly string[], options: CommandOptions = {}): Command {
  const [program = "", ...first] = typeof words === "string"
    ? words.split(/\s+/).filter((word) => word !== "")
    : words;
  return new Command({ ...options, program, args: [...first, ...options.args ?? []] });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
