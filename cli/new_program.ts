import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { reportFailure } from "./failure.ts";
import type { Output } from "./output.ts";
import { VERSION } from "./version.ts";

/**
 * Makes the program without its commands.
 *
 * @param output Where results and everything else go.
 */
export function newProgram(output: Output): CommandUnknownOpts {
  return new Command("superorch")
    .description("Programs instead of shell scripts and compose files.")
    .usage("[options] <command> …")
    .version(`superorch ${VERSION}`, "--version", "print the version")
    .option("-v, --verbose", "show where in superorch a failure came from")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.out.write(text),
      writeErr: (text) => output.err.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "Error: ")),
      getOutHasColors: () => output.out.colour,
      getErrHasColors: () => output.err.colour,
    });
}

/**
 * Gives a command and everything below it the settings of the program.
 *
 * @param command The command.
 * @param parent The program.
 * @returns The command.
 */
export function inherit(
  command: CommandUnknownOpts,
  parent: CommandUnknownOpts,
): CommandUnknownOpts {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

/**
 * Runs one command, without loading what the others are made of.
 *
 * @param args The words after the program's name; the first one names the command.
 * @param command Makes the command.
 * @param output Where results and everything else go.
 * @returns The exit code.
 */
export async function runCommand(
  args: readonly string[],
  command: (output: Output) => CommandUnknownOpts,
  output: Output,
): Promise<number> {
  const program = newProgram(output);
  try {
    program.addCommand(inherit(command(output), program));
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (thrown) {
    return reportFailure(thrown, output.err, program.opts()["verbose"] === true);
  }
}
