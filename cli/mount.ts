import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { ExitCode } from "./exit_code.ts";

/** A command line of its own below `superorch`. */
export interface Mounted {
  /** What it is called. */
  readonly name: string;
  /** For the help of `superorch`. */
  readonly description: string;
  /** What the words after the name are. */
  readonly words: string;
  /** Runs it with these words and gives its exit code. */
  readonly run: (words: readonly string[]) => Promise<number>;
}

/**
 * Makes a command of `superorch` that leaves everything after its name, `--help` too, to a command
 * line of its own.
 *
 * @param mounted The other command line.
 * @returns The command.
 */
export function mount({ name, description, words, run }: Mounted): CommandUnknownOpts {
  return new Command(name)
    .description(description)
    .argument("[words...]", words)
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (given) => {
      const code = await run(given);
      if (code !== 0) throw new ExitCode(code);
    });
}
