import type { CommandUnknownOpts } from "../lib/deps/commander.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Completes abbreviated long options (`--inst` for `--installed`), which scripts for the original
 * may use: every option of the command that the words lead to may be cut as long as it is clear.
 *
 * @param program The outermost command.
 * @param args The words after its name.
 * @returns The words with whole options.
 * @throws {UsageError} when an abbreviation fits several options.
 */
export function completeOptions(
  program: CommandUnknownOpts,
  args: readonly string[],
): readonly string[] {
  const completed: string[] = [];
  let command = program;
  let positionals = 0;
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    if (word === "--") return [...completed, ...args.slice(at)];
    if (!word.startsWith("-") || word === "-") {
      const child = positionals === 0
        ? command.commands.find((one) => one.name() === word || one.aliases().includes(word))
        : undefined;
      completed.push(word);
      if (child !== undefined) command = child;
      else if (++positionals > 0 && takesTheRest(command)) {
        return [...completed, ...args.slice(at + 1)];
      }
      continue;
    }
    const whole = word.startsWith("--") ? complete(command, word) : word;
    completed.push(whole);
    const value = takesNextWord(command, whole);
    if (value && at + 1 < args.length) completed.push(args[++at]!);
  }
  return completed;
}

/** Whether everything after the first word belongs to another program. */
function takesTheRest(command: CommandUnknownOpts): boolean {
  return (command as unknown as { _passThroughOptions?: boolean })._passThroughOptions === true;
}

function complete(command: CommandUnknownOpts, word: string): string {
  const [, name = "", value = ""] = /^(--[^=]*)(=.*)?$/s.exec(word) ?? [];
  const known = [...command.options.flatMap(({ long }) => long ?? []), "--help"];
  if (name === "--" || known.includes(name)) return word;
  const meant = [...new Set(known)].filter((long) => long.startsWith(name));
  if (meant.length > 1) {
    throw new UsageError(`ambiguous option: ${name} could match ${meant.join(", ")}`);
  }
  return meant.length === 1 ? meant[0]! + value : word;
}

function takesNextWord(command: CommandUnknownOpts, word: string): boolean {
  if (word.includes("=") && word.startsWith("--")) return false;
  const option = command.options.find(({ long, short }) => word === long || word === short);
  return option !== undefined && (option.required || option.optional);
}
