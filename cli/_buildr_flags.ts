import { Command, type CommandUnknownOpts, Option } from "../lib/deps/commander.ts";
import { durationMs } from "./_duration.ts";
import { UsageError } from "./usage_error.ts";

/** Flags of everything that reads a manifest and chooses stages. */
export interface PlanFlags {
  readonly path?: string;
  readonly file?: string;
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  readonly only?: readonly string[];
  readonly from?: string;
  readonly until?: string;
  readonly skip?: readonly string[];
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly matrix?: readonly string[];
}

/** Flags of everything that runs containers. */
export interface EngineFlags extends PlanFlags {
  readonly secretFile?: readonly string[];
  readonly dockerSock?: string | false;
  readonly pull?: "always" | "missing" | "never";
  readonly color?: boolean;
  readonly verbose?: boolean;
  readonly debug?: boolean;
}

/** Flags of `run` and `watch`. */
export interface RunFlags extends EngineFlags {
  readonly jobs?: number;
  readonly keep?: "always" | "on-failure" | "never";
  readonly shellOnFailure?: boolean;
  readonly timeout?: number;
  readonly rerunFailed?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly timestamps?: boolean;
  readonly logDir?: string;
  readonly junit?: string;
  readonly github?: boolean;
}

/** A flag that may be given more than once, or with commas. */
function list(value: string, before: readonly string[] | undefined): readonly string[] {
  const words = value.split(",").map((word) => word.trim()).filter((word) => word !== "");
  // An empty variable of a script must not mean everything.
  if (words.length === 0) {
    throw new UsageError(`Cannot use ${JSON.stringify(value)} as a list of names: it has none`);
  }
  return [...before ?? [], ...words];
}

/** A flag that may be given more than once, and whose values may hold commas. */
function each(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...before ?? [], value];
}

/** Adds the flags that choose a manifest and stages. */
export function addPlanFlags(command: CommandUnknownOpts): CommandUnknownOpts {
  return command
    .option("--path <directory>", "the project; default: here")
    .option("-f, --file <file>", "the manifest; default: .buildr, .buildr.yml or .buildr.yaml")
    .option("-e, --env <name=value>", "a variable for all stages; may be repeated", each)
    .option("--env-file <file>", "variables for all stages, NAME=value; may be repeated", each)
    .option("--only <stages>", "exactly these stages; what they need counts as done", list)
    .option("--from <stage>", "this stage and those after it in the list")
    .option("--until <stage>", "this stage and those before it in the list")
    .option("--skip <stages>", "not these stages", list)
    .option("--tags <tags>", "only stages with one of these tags, and what they need", list)
    .option("--skip-tags <tags>", "no stages with one of these tags", list)
    .option("--matrix <name=value>", "only rows with this value; may be repeated", each);
}

/** Adds the flags of everything that runs containers. */
export function addEngineFlags(command: CommandUnknownOpts): CommandUnknownOpts {
  return addPlanFlags(command)
    .option("--secret-file <file>", "values of secrets, NAME=value; may be repeated", each)
    .option("--docker-sock <socket>", "the engine's socket, which stages get too", socket)
    .option("--no-docker-sock", "no stage gets the engine's socket")
    .addOption(
      new Option("--pull <when>", "when images are pulled; default missing")
        .choices(["always", "missing", "never"]),
    )
    .option("-v, --verbose", "show when stages start and end, and what caches do")
    .option("-d, --debug", "show each line of a script before it runs, too")
    .option("--no-color", "no colours");
}

/** Adds the flags of `run`. */
export function addRunFlags(command: CommandUnknownOpts): CommandUnknownOpts {
  return addEngineFlags(command)
    .option("-j, --jobs <number>", "how many stages run at a time; default 4 or more", jobs)
    .option("--timeout <time>", "all of it must be done within this, for example 10m", durationMs)
    .option("--rerun-failed", "only what did not pass in the last run, and what needs that")
    .addOption(
      new Option("--keep [when]", "containers stay: always, on-failure or never")
        .choices(["always", "on-failure", "never"]).preset("always"),
    )
    .option("--shell-on-failure", "open a shell in the container of a stage that failed")
    .option("--dry-run", "show what would run, and touch no engine")
    .option("--json", "print events as JSON, one a line; with --dry-run the plan")
    .option("-q, --quiet", "show only the output of scripts, and failures")
    .option("--timestamps", "begin each line of output with its time")
    .option("--log-dir <directory>", "write the output of each stage to a file there")
    .option("--junit <file>", "write a JUnit file")
    .option("--github", "print failures as annotations of GitHub Actions");
}

function jobs(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new UsageError(`Cannot run "${text}" stages at a time: it must be a number from 1`);
}

function socket(text: string): string {
  if (text === "") throw new UsageError("Cannot use an empty --docker-sock");
  // The original's own default has two slashes, where a URL would have three.
  const path = text.replace(/^unix:\/{2,}/, "/").replace(/^unix:/, "");
  return /^[a-z]+:\/\//.test(text) && !text.startsWith("unix:") ? text : `unix://${path}`;
}

/**
 * Makes a command that takes stages and the flags of `run`.
 *
 * @param name Its name.
 * @param description What it does.
 * @param act Does it.
 */
export function stagesCommand(
  name: string,
  description: string,
  act: (stages: readonly string[], flags: RunFlags) => Promise<void>,
): CommandUnknownOpts {
  const command = new Command(name).description(description).argument(
    "[stage...]",
    "these stages, and what they need; default: all",
  ) as unknown as CommandUnknownOpts;
  addRunFlags(command).action(async (...words: readonly unknown[]) =>
    await act(words[0] as readonly string[], words[1] as RunFlags)
  );
  const parse = command.parseAsync.bind(command);
  command.parseAsync = (words, options) => parse(withKeepValue(words ?? []), options);
  return command;
}

/**
 * Puts `=` between `--keep` and its value: commander would take a stage that follows for one.
 *
 * @param words The words of the command line.
 */
export function withKeepValue(words: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    const next = words[index + 1] ?? "";
    const isValue = (text: string) => ["always", "on-failure", "never"].includes(text);
    if (word === "--keep") return [`--keep=${isValue(next) ? next : "always"}`];
    return words[index - 1] === "--keep" && isValue(word) ? [] : [word];
  });
}

/** Reads `NAME=value` words. */
export function pairs(words: readonly string[] | undefined, flag: string): [string, string][] {
  return (words ?? []).map((word) => {
    const at = word.indexOf("=");
    if (at < 1) throw new UsageError(`Cannot use ${flag} "${word}": it must be NAME=value`);
    return [word.slice(0, at), word.slice(at + 1)];
  });
}
