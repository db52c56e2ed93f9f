import type { CommandUnknownOpts } from "../lib/deps/commander.ts";
import { ORC_EXIT } from "./_orc_context.ts";
import { ExitCode } from "./exit_code.ts";

/**
 * The action of a command that only groups others: its help on standard output, exit code 1.
 *
 * @param command The command.
 */
export function showHelp(command: CommandUnknownOpts): never {
  command.outputHelp();
  throw new ExitCode(ORC_EXIT.failed);
}
