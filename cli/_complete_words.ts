import type { Argument, CommandUnknownOpts, Option } from "../lib/deps/commander.ts";
import {
  type Candidate,
  completionValues,
  type Others,
  type Values,
} from "./_completion_values.ts";

/** What can stand in the place of the last word. */
export interface Completion {
  /** What the shell itself may offer beside the candidates. */
  readonly others: Others;
  /** All begin with the last word. */
  readonly candidates: readonly Candidate[];
}

/** How far a walk along the words has come. */
interface Walk {
  command: CommandUnknownOpts;
  /** The commands passed, for example `compose config`. */
  readonly path: string[];
  /** The option that waits for its value. */
  pending: Option | undefined;
  /** How many arguments there were. */
  position: number;
  /** Whether `help` came, after which only commands stand. */
  isHelp: boolean;
  /** Whether the words belong to another program, or `--` came. */
  noOptions: boolean;
  /** Values of options so far, by their long name without the dashes. */
  readonly given: Map<string, string[]>;
}

/**
 * Completes the last of some words.
 *
 * @param program The program, with the command that the words name.
 * @param words Those after its name; the last one is as far as it was typed.
 * @param commands The commands that the program has.
 * @returns What fits.
 */
export async function completeWords(
  program: CommandUnknownOpts,
  words: readonly string[],
  commands: readonly string[],
): Promise<Completion> {
  const walk: Walk = {
    command: program,
    path: [],
    pending: undefined,
    position: 0,
    isHelp: false,
    noOptions: false,
    given: new Map(),
  };
  const last = words.at(-1) ?? "";
  for (const word of words.slice(0, -1)) step(walk, word);
  const context = { path: walk.path, given: walk.given, commands };

  const inline = walk.noOptions || walk.pending !== undefined
    ? undefined
    : /^(--[^=]+)=(.*)$/s.exec(last);
  if (inline !== null && inline !== undefined) {
    const option = findOption(walk.command, inline[1]!);
    if (option === undefined) return { others: "none", candidates: [] };
    return matching(await completionValues(option, context), last, `${inline[1]}=`);
  }
  if (walk.pending !== undefined && (walk.pending.required || !last.startsWith("-"))) {
    const values = await completionValues(walk.pending, context);
    if (walk.pending.required) return matching(values, last);
    // A value that may be left out: what else can stand there counts too.
    const more = await wordsAt(walk, context);
    return matching({ ...values, candidates: [...values.candidates, ...more.candidates] }, last);
  }
  if (last.startsWith("-") && !walk.noOptions) {
    return matching({ others: "none", candidates: optionsOf(walk.command, last) }, last);
  }
  return matching(await wordsAt(walk, context), last);
}

function step(walk: Walk, word: string): void {
  const { pending } = walk;
  const isOption = !walk.noOptions && word.startsWith("-") && word !== "-";
  if (pending !== undefined && (!isOption || pending.required && !pending.variadic)) {
    remember(walk, pending, word);
    if (!pending.variadic) walk.pending = undefined;
    return;
  }
  walk.pending = undefined;
  if (isOption) return stepOption(walk, word);
  const child = walk.position === 0 && !walk.noOptions
    ? walk.command.commands.find((one) => one.name() === word || one.aliases().includes(word))
    : undefined;
  if (child !== undefined) {
    walk.command = child;
    walk.path.push(child.name());
    return;
  }
  if (word === "help" && walk.position === 0 && walk.command.commands.length > 0) {
    walk.isHelp = true;
    return;
  }
  // `exec NAME COMMAND…`: the options after the command are its own.
  if (argumentAt(walk)?.name() === "command") walk.noOptions = true;
  walk.position++;
}

function stepOption(walk: Walk, word: string): void {
  if (word === "--") {
    walk.noOptions = true;
    return;
  }
  const long = /^(--[^=]+)(?:=(.*))?$/s.exec(word);
  // -abc is -a -b -c as far as they take no values; what follows one that does is its value.
  const names = long === null ? [...word.slice(1)].map((letter) => `-${letter}`) : [long[1]!];
  for (const [index, name] of names.entries()) {
    const option = findOption(walk.command, name);
    if (option === undefined || !(option.required || option.optional)) continue;
    const value = long === null ? word.slice(index + 2) : long[2];
    if (value === undefined || long === null && value === "") walk.pending = option;
    else remember(walk, option, value);
    return;
  }
}

function remember(walk: Walk, option: Option, value: string): void {
  const name = option.name();
  walk.given.set(name, [...walk.given.get(name) ?? [], value]);
}

function findOption(command: CommandUnknownOpts, name: string): Option | undefined {
  return command.options.find(({ long, short }) => long === name || short === name);
}

function argumentAt({ command, position }: Walk): Argument | undefined {
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  return registeredArguments[position] ?? (last?.variadic === true ? last : undefined);
}

async function wordsAt(
  walk: Walk,
  context: Parameters<typeof completionValues>[1],
): Promise<Values> {
  const candidates = walk.position === 0 && !walk.noOptions ? commandsOf(walk.command) : [];
  const argument = walk.isHelp ? undefined : argumentAt(walk);
  if (argument === undefined) return { others: "none", candidates };
  const values = await completionValues(argument, context);
  return { others: values.others, candidates: [...candidates, ...values.candidates] };
}

function commandsOf(command: CommandUnknownOpts): readonly Candidate[] {
  if (command.commands.length === 0) return [];
  return command.createHelp().visibleCommands(command).map((child) => ({
    value: child.name(),
    description: child.summary() || child.description(),
  }));
}

function optionsOf(command: CommandUnknownOpts, word: string): readonly Candidate[] {
  const options = command.createHelp().visibleOptions(command);
  return options.flatMap(({ long, short, description }) => {
    const names = word.startsWith("--") || short === undefined ? [long] : [short, long];
    return names.flatMap((value) => value === undefined ? [] : [{ value, description }]);
  });
}

function matching({ others, candidates }: Values, word: string, prefix = ""): Completion {
  const all = candidates.map(({ value, description }) => ({
    value: prefix + value,
    description,
  }));
  const seen = new Set<string>();
  return {
    others,
    candidates: all.filter(({ value }) => {
      // A line break would become two candidates.
      if (!value.startsWith(word) || seen.has(value) || /\p{Cc}/u.test(value)) return false;
      seen.add(value);
      return true;
    }),
  };
}
