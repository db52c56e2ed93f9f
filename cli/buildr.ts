/**
 * The command line of buildr: `superorch buildr …`, or `buildr …` under that name.
 *
 * Permissions: what the command needs; `-A` for all of them.
 *
 * @module
 */

import { BuildrInputError } from "../lib/buildr/input_error.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { didYouMean } from "../lib/diagnostics/mod.ts";
import { BUILDR_COMMANDS } from "./_buildr_commands.ts";
import { reportBuildrFailure } from "./_buildr_failure.ts";
import { addRunFlags } from "./_buildr_flags.ts";
import { withSettings } from "./_buildr_settings.ts";
import { mount } from "./mount.ts";
import type { Output } from "./output.ts";

/**
 * Makes `superorch buildr`: everything after the name is buildr's own command line.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function buildrMount(output: Output): CommandUnknownOpts {
  return mount({
    name: "buildr",
    description: "Run the build that a project describes in its .buildr.yml.",
    words: "its options and commands; see `superorch buildr --help`",
    run: (words) => runBuildr(words, output),
  });
}

/**
 * Runs the command line. Without the name of a command, or with stages alone, it is `run`.
 *
 * @param args The words after the program's name.
 * @param output Where results and everything else go.
 * @returns The exit code: 0 passed, 1 a stage failed, 2 the words or the manifest are wrong, 255 the
 * environment failed, 124 timed out, 130 and 143 interrupted.
 */
export async function runBuildr(args: readonly string[], output: Output): Promise<number> {
  try {
    const [first] = args;
    if (first === "--help" || first === "-h" || first === "help" && args.length === 1) {
      output.out.write((await buildrTree(output, [])).helpInformation());
      return 0;
    }
    const words = first === "help" ? [...args.slice(1), "--help"] : args;
    const found = BUILDR_COMMANDS.find(({ name }) => name === words[0]);
    const rest = found === undefined ? words : words.slice(1);
    const load = found?.load ?? BUILDR_COMMANDS[0]!.load;
    const command = withSettings(settled(await load(output), output)).name(
      `superorch buildr ${found?.name ?? "run"}`,
    );
    await command.parseAsync(rest, { from: "user" });
    return 0;
  } catch (thrown) {
    const code = reportBuildrFailure(thrown, output.err, args);
    const names = BUILDR_COMMANDS.map(({ name }) => name);
    const meant = thrown instanceof BuildrInputError ? didYouMean(args[0] ?? "", names) : undefined;
    if (meant !== undefined && !names.includes(args[0] ?? "")) {
      output.err.write(`There is a command "${meant}"\n`);
    }
    return code;
  }
}

/**
 * Makes the whole command line, for its help and for completions.
 *
 * @param output Where it prints.
 * @param load Names of the commands that are loaded with all their options. Default: all.
 */
export async function buildrTree(
  output: Output,
  load: readonly string[] = BUILDR_COMMANDS.map(({ name }) => name),
): Promise<CommandUnknownOpts> {
  const program = new Command("superorch buildr")
    .description("Run the build that a project describes in its .buildr.yml, on the desk.")
    .usage("[run] [options] [stage...] | <command> …") as unknown as CommandUnknownOpts;
  addRunFlags(program);
  for (const { name, summary, load: loadCommand } of BUILDR_COMMANDS) {
    if (load.includes(name)) program.addCommand((await loadCommand(output)).name(name));
    else program.command(name).description(summary);
  }
  return settled(program, output);
}

function settled(command: CommandUnknownOpts, output: Output): CommandUnknownOpts {
  command.exitOverride().configureOutput({
    writeOut: (text) => output.out.write(text),
    writeErr: (text) => output.err.write(text),
    outputError: (text, write) => write(text.replace(/^error: /, "Error: ")),
    getOutHasColors: () => output.out.colour,
    getErrHasColors: () => output.err.colour,
  });
  for (const child of command.commands) settled(child, output);
  return command;
}
