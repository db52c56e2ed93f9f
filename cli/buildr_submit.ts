import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { parseDuration } from "../lib/retry/mod.ts";
import { addClientFlags, CoordinatorClient, endOf, type RemoteBuild } from "./_buildr_client.ts";
import { tailBuild } from "./_buildr_tail.ts";
import { formatJson, type Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

interface SubmitFlags {
  readonly coordinator?: string;
  readonly tokenFile?: string;
  readonly branch?: string;
  readonly commit?: string;
  readonly path?: string;
  readonly stages?: string;
  readonly tags?: string;
  readonly env?: readonly string[];
  readonly priority?: string;
  readonly timeout?: string;
  readonly maxAttempts?: string;
  readonly concurrency?: string;
  readonly id?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/**
 * Makes `superorch buildr submit`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function submitCommand(output: Output): CommandUnknownOpts {
  const gather = (value: string, all: readonly string[] = []) => [...all, value];
  const command = new Command("submit")
    .description(
      "Ask a coordinator for a build of a repository, and print the build's id. With --follow, show " +
        "its log and end as it does: 0 passed, 1 failed, 124 timed out, 130 cancelled, 255 error.",
    )
    .argument("<repository>", "its address, for git clone")
    .option("-b, --branch <name>", "the branch (default: that of the repository)")
    .option("--commit <id>", "the commit (default: the newest of the branch)")
    .option("--path <directory>", "directory of the project in the repository")
    .option("--stages <names>", "run only these, separated by commas")
    .option("--tags <tags>", "what the agent must carry, separated by commas")
    .option("-e, --env <NAME=VALUE>", "a variable of the build; repeats", gather)
    .option("--priority <n>", "0 to 9: higher ones are taken first (default: 4)")
    .option("--timeout <time>", "how long one attempt may take, for example 30m")
    .option("--max-attempts <n>", "how often it is started when agents are lost (default: 3)")
    .option("--concurrency <name>", "only one build with this name runs at a time")
    .option("--id <id>", "what it is known by; asked for a second time, it is the same build")
    .option("-f, --follow", "show the log until it has ended")
    .option("--json", "print the build as JSON");
  return addClientFlags(command as unknown as Command).action(async (...words: unknown[]) => {
    const flags = words[1] as SubmitFlags;
    const client = await CoordinatorClient.of(flags);
    const { build } = await client.ask<{ readonly build: RemoteBuild }>(
      "POST",
      "/api/v1/builds",
      submission(words[0] as string, flags),
    );
    if (flags.json === true) output.out.write(formatJson(build));
    else output.out.write(`${build.id}\n`);
    output.err.write(`Build #${build.number}: ${client.page(`/builds/${build.id}`)}\n`);
    if (flags.follow !== true) return;
    const end = endOf(await tailBuild(client, build.id, output));
    if (end !== undefined) throw end;
  }) as unknown as CommandUnknownOpts;
}

function submission(repo: string, flags: SubmitFlags): Readonly<Record<string, unknown>> {
  const list = (text: string | undefined) =>
    text?.split(",").map((part) => part.trim()).filter((part) => part !== "");
  const number = (name: string, text: string | undefined) => {
    if (text === undefined || /^\d+$/.test(text)) return text === undefined ? text : Number(text);
    throw new UsageError(`${name} must be a whole number, and is "${text}"`);
  };
  const { branch, commit, path, concurrency, id } = flags;
  return {
    repo,
    branch,
    commit,
    path,
    concurrency,
    id,
    stages: list(flags.stages),
    tags: list(flags.tags),
    env: flags.env === undefined ? undefined : Object.fromEntries(flags.env.map(variable)),
    priority: number("--priority", flags.priority),
    max_attempts: number("--max-attempts", flags.maxAttempts),
    timeout: seconds(flags.timeout),
  };
}

function variable(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`A variable is NAME=VALUE, and not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function seconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : parseDuration(text);
  if (ms === undefined || ms < 1_000) {
    throw new UsageError(`--timeout must be at least a second, for example 30m, and is "${text}"`);
  }
  return Math.round(ms / 1_000);
}
