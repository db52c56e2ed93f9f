/**
 * The command line of orchestra: `superorch orc …`, or `orc …` and `orchestra …` under those names.
 *
 * Permissions: what the command needs; `-A` for all of them.
 *
 * @module
 */

import { Command, type CommandUnknownOpts, Option } from "../lib/deps/commander.ts";
import { holdSignals } from "../lib/commands/signal_hold.ts";
import { didYouMean } from "../lib/diagnostics/mod.ts";
import { OrchestraError } from "../lib/orchestra/errors.ts";
import { LOG_LEVELS } from "../lib/orchestra/log.ts";
import { completeOptions } from "./_orc_arguments.ts";
import { ORC_COMMANDS } from "./_orc_commands.ts";
import { ORC_EXIT, OrcContext, type OrcOptions } from "./_orc_context.ts";
import { InterruptedError, reportOrcFailure } from "./_orc_failure.ts";
import { showHelp } from "./_orc_help.ts";
import { ExitCode } from "./exit_code.ts";
import { mount } from "./mount.ts";
import type { Output } from "./output.ts";

/**
 * Makes `superorch orc`: everything after the name is orchestra's own command line.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function orcMount(output: Output): CommandUnknownOpts {
  return mount({
    name: "orc",
    description: "Build, install and inspect trees of components, as the program orc does.",
    words: "its options and commands; see `superorch orc --help`",
    run: (words) => runOrc(words, output),
  });
}

/**
 * Runs the command line.
 *
 * @param args The words after the program's name.
 * @param output Where results and everything else go.
 * @returns The exit code: 0 done, 1 the work failed, 2 the words are wrong, 100 nothing could be
 * tried.
 */
export async function runOrc(args: readonly string[], output: Output): Promise<number> {
  const interrupt = new AbortController();
  const listeners = (["SIGINT", "SIGTERM"] as const).map((signal) => {
    const listener = () => interrupt.abort(new InterruptedError(`Interrupted by ${signal}`));
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  using _hold = holdSignals();
  const context = new OrcContext(output, interrupt.signal);
  try {
    const program = await buildProgram(context, args);
    await program.parseAsync(completeOptions(program, args), { from: "user" });
    return ORC_EXIT.ok;
  } catch (thrown) {
    const { aborted, reason } = interrupt.signal;
    return reportOrcFailure(aborted && !(thrown instanceof ExitCode) ? reason : thrown, context);
  } finally {
    for (const remove of listeners) remove();
  }
}

/**
 * Makes the whole command line, for completions.
 *
 * @param output Where results and everything else would go.
 * @param args The words after the program's name; the command that they name is loaded.
 * @returns The program; it is not run.
 */
export async function orcTree(
  output: Output,
  args: readonly string[],
): Promise<CommandUnknownOpts> {
  return await buildProgram(new OrcContext(output, new AbortController().signal), args);
}

async function buildProgram(
  context: OrcContext,
  args: readonly string[],
): Promise<CommandUnknownOpts> {
  const program: CommandUnknownOpts = new Command(context.programName)
    .description("Build, install and inspect a tree of components.")
    .option("-q, --quiet", "show the output of scripts only if they fail")
    .addOption(
      new Option("-v, --loglevel <level>", "leave out less important messages")
        .choices([...LOG_LEVELS]).default("INFO"),
    )
    .option("--no-config-cache", "expand the configuration again")
    .option("--orchestra-dotdir <directory>", "search for .orchestra from here")
    .option("-C, --chdir <directory>", "go there first")
    .option("--log-to-stdout", "write the log to standard output, as the original does")
    .option("--ytt <program>", "expand the configuration with an installed ytt")
    .enablePositionalOptions()
    .helpCommand("help [command]", "display help for command")
    .hook("preAction", () => begin(context, program))
    .action(() => showHelp(program));
  const wanted = commandName(program, args);
  for (const { name, summary, load } of ORC_COMMANDS) {
    if (name === wanted) program.addCommand(await load(context));
    else program.command(name).description(summary);
  }
  const known = ORC_COMMANDS.map(({ name }) => name);
  if (wanted !== undefined && !known.includes(wanted)) {
    program.action(() => {});
    program.allowExcessArguments();
    settle(program, context);
    const names = known.map((name) => `'${name}'`).join(", ");
    const meant = didYouMean(wanted, known);
    const hint = meant === undefined ? "" : `; did you mean '${meant}'?`;
    program.error(`error: invalid choice: '${wanted}' (choose from ${names})${hint}`);
  }
  settle(program, context);
  return program;
}

/** What the options in front of the command mean, before its action runs. */
function begin(context: OrcContext, program: CommandUnknownOpts): void {
  const { quiet, logToStdout, ...options } = program.opts() as Partial<OrcOptions>;
  context.options = {
    loglevel: "INFO",
    configCache: true,
    ...options,
    quiet: quiet === true,
    logToStdout: logToStdout === true,
  };
  const { chdir } = context.options;
  if (chdir === undefined) return;
  try {
    Deno.chdir(chdir);
  } catch (error) {
    throw new OrchestraError(`Cannot go to "${chdir}": ${(error as Error).message}`);
  }
}

/** The command that is run, or whose help is wanted: `install` and `help install`. */
function commandName(program: CommandUnknownOpts, args: readonly string[]): string | undefined {
  const words = completeOptions(program, args);
  const at = firstWord(program, words);
  if (words[at] !== "help") return words[at];
  return words.slice(at + 1).find((word) => !word.startsWith("-"));
}

/** Where the first word is that is no option, and no value of one; -1 if there is none. */
function firstWord(program: CommandUnknownOpts, words: readonly string[]): number {
  for (const [at, word] of words.entries()) {
    if (word === "--") return -1;
    const before = at === 0 ? undefined : words[at - 1];
    const option = program.options.find(({ long, short }) => before === long || before === short);
    if (!word.startsWith("-") && option?.required !== true) return at;
  }
  return -1;
}

/** Usage errors as `argparse` prints them, for the command and for those below it. */
function settle(command: CommandUnknownOpts, context: OrcContext): void {
  const { out, err } = context.output;
  command.exitOverride().configureOutput({
    writeOut: (text) => out.write(text),
    writeErr: (text) => err.write(text),
    outputError: (text, write) => {
      const name = fullName(command);
      write(`usage: ${name} ${command.usage()}\n${name}: ${text}`);
    },
    getOutHasColors: () => out.colour,
    getErrHasColors: () => err.colour,
  });
  for (const child of command.commands) settle(child, context);
}

function fullName(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
