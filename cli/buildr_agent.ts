import { absolute } from "../lib/buildr/manifest/find.ts";
import { runAgent } from "../lib/buildr/agent/agent.ts";
import { isTag } from "../lib/buildr/queue/job.ts";
import { MAX_AGENT_TAGS } from "../lib/buildr/queue/rabbit/names.ts";
import type { AgentTransport } from "../lib/buildr/queue/transport.ts";
import { Command, type CommandUnknownOpts, Option } from "../lib/deps/commander.ts";
import { cacheDirectory } from "../lib/engine/mod.ts";
import { parseDuration } from "../lib/retry/mod.ts";
import { readToken } from "./_buildr_client.ts";
import { ExitCode } from "./exit_code.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch buildr agent`.
 *
 * @param output Where it prints: everything is for people, on standard error.
 * @returns The command.
 */
export function agentCommand(output: Output): CommandUnknownOpts {
  const gather = (value: string, all: readonly string[] = []) => [...all, value];
  return new Command("agent")
    .description(
      "Take builds from a queue and run them, until SIGTERM or Ctrl-C: then builds that run are " +
        "ended in peace. A second signal gives them back at once.",
    )
    .option(
      "--broker <url>",
      "RabbitMQ: amqp://user:password@host/vhost (default: on this machine)",
    )
    .option(
      "--coordinator <url>",
      "a coordinator that hands out builds itself, in place of a broker",
    )
    .option("--token-file <file>", "file with the token of that coordinator")
    .option("--name <name>", "name of the agent (default: host name and process id)")
    .option("--slots <n>", "builds at a time", count("--slots"), 1)
    .option(
      "--tags <tags>",
      "what it carries, separated by commas; builds that ask for more pass by",
    )
    .option("--workdir <directory>", "where checkouts and copies of repositories are")
    .option(
      "--allow-path <directory>",
      "let repositories of this machine be cloned; repeats",
      gather,
    )
    .option(
      "--allow-host <host>",
      "clone only from this host (*.example.org works); repeats",
      gather,
    )
    .option("--allow-env <name>", "let manifests use this variable, or glob; repeats", gather)
    .option("--no-docker-socket", "never give the engine's socket to a stage")
    .option("-j, --jobs <n>", "stages of a build at a time", count("--jobs"))
    .option("--grace <time>", "after SIGTERM, give builds back after this long (default: never)")
    .addOption(
      new Option("--queue-type <type>", "kind of the broker's job queues")
        .choices(["classic", "quorum"]).default("classic"),
    )
    .action(async (options) => {
      if (options.broker !== undefined && options.coordinator !== undefined) {
        throw new UsageError("An agent has either --broker or --coordinator");
      }
      const note = (text: string) => output.err.write(`${text}\n`);
      const tags = tagsOf(options.tags ?? "");
      await using transport = await openTransport(options);
      const { drain, stop } = listen(options.grace, note);
      note(`Takes builds from ${transport.name}`);
      await runAgent({
        transport,
        ...(options.name === undefined ? {} : { name: options.name }),
        slots: options.slots,
        tags,
        workdir: absolute(options.workdir ?? `${cacheDirectory()}/buildr/agent`, Deno.cwd()),
        repositories: {
          allowedPaths: (options.allowPath ?? []).map((path) => absolute(path, Deno.cwd())),
          ...(options.allowHost === undefined ? {} : { allowedHosts: options.allowHost }),
        },
        allowedEnv: options.allowEnv ?? [],
        dockerSocket: options.dockerSocket,
        ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
        drain: drain.signal,
        signal: stop.signal,
        onNote: note,
      });
      const { reason } = stop.signal;
      if (reason instanceof ExitCode) throw reason;
    }) as unknown as CommandUnknownOpts;
}

function count(flag: string): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (Number.isSafeInteger(number) && number >= 1) return number;
    throw new UsageError(`${flag} must be a whole number from 1, and is "${text}"`);
  };
}

function tagsOf(text: string): readonly string[] {
  const tags = text.split(",").map((tag) => tag.trim()).filter((tag) => tag !== "");
  const wrong = tags.find((tag) => !isTag(tag));
  if (wrong !== undefined) {
    throw new UsageError(
      `The tag "${wrong}" has something else than letters, digits, ".", "_", "-"`,
    );
  }
  if (new Set(tags).size <= MAX_AGENT_TAGS) return tags;
  throw new UsageError(
    `An agent carries at most ${MAX_AGENT_TAGS} tags, and these are ${tags.length}`,
  );
}

interface TransportFlags {
  readonly broker?: string;
  readonly coordinator?: string;
  readonly tokenFile?: string;
  readonly queueType: string;
}

async function openTransport(flags: TransportFlags): Promise<AgentTransport> {
  const { broker, coordinator, tokenFile, queueType } = flags;
  if (coordinator !== undefined) {
    const { EmbeddedAgentTransport } = await import(
      "../lib/buildr/queue/embedded/agent_transport.ts"
    );
    const token = tokenFile === undefined
      ? Deno.env.get("BUILDR_TOKEN") || undefined
      : await readToken(tokenFile);
    return await EmbeddedAgentTransport.open({
      url: coordinator,
      ...(token === undefined ? {} : { token }),
    });
  }
  const { RabbitAgentTransport } = await import("../lib/buildr/queue/rabbit/agent_transport.ts");
  const url = broker ?? Deno.env.get("BUILDR_BROKER");
  return await RabbitAgentTransport.open({
    ...(url === undefined ? {} : { url }),
    queueType: queueType as "classic" | "quorum",
  });
}

/** The first signal drains, the second one stops. */
function listen(
  grace: string | undefined,
  note: (text: string) => void,
): { readonly drain: AbortController; readonly stop: AbortController } {
  const [drain, stop] = [new AbortController(), new AbortController()];
  const graceMs = grace === undefined ? undefined : parseDuration(grace);
  if (grace !== undefined && graceMs === undefined) {
    throw new UsageError(`--grace is no duration: "${grace}"`);
  }
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    if (Deno.build.os === "windows" && signal === "SIGTERM") continue;
    Deno.addSignalListener(signal, () => {
      if (drain.signal.aborted) return stop.abort(new ExitCode(code));
      note("Takes no more builds; waits for those that run");
      drain.abort();
      if (graceMs === undefined) return;
      Deno.unrefTimer(setTimeout(() => stop.abort(new ExitCode(code)), graceMs));
    });
  }
  return { drain, stop };
}
