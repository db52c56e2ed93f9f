import { Argument, Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { completeWords } from "./_complete_words.ts";
import { completionScript, type Shell, SHELLS } from "./_completion_scripts.ts";
import { splitShellLine } from "./_shell_line.ts";
import { linkNames } from "./install_links.ts";
import { calledAs, NAMES, resolveName } from "./names.ts";
import type { Output } from "./output.ts";
import { shellQuote } from "./own_command.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch completions`.
 *
 * @param output Where it prints.
 * @param commands The commands that this program has.
 * @returns The command.
 */
export function completionsCommand(
  output: Output,
  commands: readonly string[],
): CommandUnknownOpts {
  const known = linkNames(commands);
  return new Command("completions")
    .description("Print what makes a shell complete commands, options, and their values.")
    .addArgument(new Argument("<shell>", "whose language it is in").choices(SHELLS))
    .argument("[name...]", "only for these names of this program. Default: all of them")
    .addHelpText("after", HELP)
    .action((shell, names) => {
      const unknown = names.find((name) => !known.includes(name));
      if (unknown !== undefined) {
        throw new UsageError(
          `Cannot complete for "${unknown}": the names are ${known.join(", ")}`,
        );
      }
      output.out.write(completionScript(shell, names.length === 0 ? known : names));
    });
}

const HELP = `
Use it at once:      source <(superorch completions bash)       in bash and zsh
                     superorch completions fish | source        in fish
and in each new one: superorch completions bash > ~/.local/share/bash-completion/completions/superorch
                     superorch completions zsh > a directory in your fpath, as _superorch
                     superorch completions fish > ~/.config/fish/completions/superorch.fish`;

/** What the answer to a shell needs of the program. */
export interface CompleteContext {
  /** The commands that there are. */
  readonly commands: readonly string[];
  /** Makes the program with the command that these words name. */
  readonly load: (words: readonly string[]) => Promise<CommandUnknownOpts>;
}

/**
 * Makes the hidden command that the scripts of {@linkcode completionsCommand} ask. Its first line
 * says what else the shell may offer: `files`, `directories` or `none`; a candidate a line follows,
 * for zsh and fish with a tab and its description.
 *
 * @param output Where it prints.
 * @param context The program.
 * @returns The command.
 */
export function completeCommand(output: Output, context: CompleteContext): CommandUnknownOpts {
  return new Command("__complete")
    .argument("<shell>")
    .argument("<name>", "what the program was called as")
    .argument("[words...]", "the words up to the cursor; for bash its line instead")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (shell, called, given) => {
      const line = shell === "bash" ? splitShellLine(given[0] ?? "") : undefined;
      const words = line === undefined ? given : line.words.slice(1);
      const name = called.slice(called.lastIndexOf("/") + 1);
      const resolved = resolveName([calledAs(Object.hasOwn(NAMES, name) ? name : ""), ...words]);
      const program = await context.load(resolved.slice(0, -1));
      const { others, candidates } = await completeWords(program, resolved, context.commands);
      const lines = candidates.map(({ value, description }) => {
        if (line === undefined) return `${value}\t${firstLine(description)}`;
        // bash replaces what follows the last break in the word.
        const rest = value.slice(line.replaced);
        return line.quoted ? rest : shellQuote(rest);
      });
      output.out.write([others, ...lines].map((text) => `${text}\n`).join(""));
    });
}

function firstLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 100);
}

export type { Shell };
