import { absolute } from "../lib/buildr/manifest/find.ts";
import { runAgent } from "../lib/buildr/agent/agent.ts";
import { Coordinator, Ledger } from "../lib/buildr/coordinator/mod.ts";
import { startServer, UnguardedError } from "../lib/buildr/coordinator/server/mod.ts";
import { EmbeddedCoordinatorTransport } from "../lib/buildr/queue/embedded/coordinator_transport.ts";
import type { AgentTransport } from "../lib/buildr/queue/transport.ts";
import { Command, type CommandUnknownOpts, Option } from "../lib/deps/commander.ts";
import { cacheDirectory, stateDirectory } from "../lib/engine/mod.ts";
import { chainOf, errorMessage } from "../lib/errors/mod.ts";
import { FileLock, LockTimeoutError } from "../lib/files/mod.ts";
import {
  agentSlots,
  type CoordinatorFlags,
  listenAddress,
  readTokens,
  readWebhooks,
  retentionMs,
} from "./_buildr_coordinator_flags.ts";
import { type Interrupt, listenToInterrupts } from "./_interrupt.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch buildr coordinator`.
 *
 * @param output Where it prints: its address on standard output, everything else on standard error.
 * @returns The command.
 */
export function coordinatorCommand(output: Output): CommandUnknownOpts {
  const gather = (value: string, all: readonly string[] = []) => [...all, value];
  return new Command("coordinator")
    .description(
      "Hand builds to agents, keep what became of them, and show it: a JSON API and a page. With " +
        "--with-agent it is a whole CI server. SIGTERM or Ctrl-C ends it; agents go on.",
    )
    .option("--listen <address>", "where to listen", "127.0.0.1:8420")
    .option("--ledger <file>", "what it knows (default: buildr/ledger.db in the state directory)")
    .option("--broker <url>", "RabbitMQ: amqp://user:password@host/vhost (default: $BUILDR_BROKER)")
    .option("--embedded", "no broker: agents connect here (default without a broker)")
    .addOption(
      new Option("--queue-type <type>", "kind of the broker's job queues")
        .choices(["classic", "quorum"]).default("classic"),
    )
    .option("--with-agent [slots]", "run builds in this process too, so many at a time (1)")
    .option(
      "--token-file <file>",
      "tokens that let write, one on each line; needed beyond loopback",
    )
    .option(
      "--name <host>",
      "name under which it is reached, for example behind a proxy; repeats",
      gather,
    )
    .option("--retention <time>", "how long results are kept (default: 30d)")
    .option(
      "--allow-path <directory>",
      "let repositories of this machine be built; repeats",
      gather,
    )
    .option(
      "--allow-host <host>",
      "build only from this host (*.example.org works); repeats",
      gather,
    )
    .option(
      "--allow-env <name>",
      "let manifests of --with-agent use this variable; repeats",
      gather,
    )
    .option("--no-docker-socket", "never give the engine's socket to a stage of --with-agent")
    .option(
      "--webhook-secret-file <[github=|gitlab=]file>",
      "take webhooks at /hooks/github and /hooks/gitlab with this secret; repeats",
      gather,
    )
    .option("--webhook-repo <glob>", "build only these repositories for webhooks; repeats", gather)
    .option("--webhook-ssh", "clone over ssh what webhooks name")
    .action(async (...words) => {
      const flags = words[0] as CoordinatorFlags;
      const ending = Promise.withResolvers<void>();
      using interrupt = listenToInterrupts(() => ending.resolve());
      await run(flags, output, interrupt, ending.promise);
    }) as unknown as CommandUnknownOpts;
}

async function run(
  flags: CoordinatorFlags,
  { out, err }: Output,
  interrupt: Interrupt,
  ending: Promise<void>,
): Promise<void> {
  const { hostname, port } = listenAddress(flags.listen);
  const slots = agentSlots(flags.withAgent);
  const tokens = flags.tokenFile === undefined ? [] : await readTokens(flags.tokenFile);
  const webhooks = await readWebhooks(flags);
  const retention = retentionMs(flags.retention);
  const repositories = {
    allowedPaths: (flags.allowPath ?? []).map((path) => absolute(path, Deno.cwd())),
    ...(flags.allowHost === undefined ? {} : { allowedHosts: flags.allowHost }),
  };
  const broker = flags.embedded === true
    ? undefined
    : flags.broker ?? (Deno.env.get("BUILDR_BROKER") || undefined);
  if (flags.embedded === true && flags.broker !== undefined) {
    throw new UsageError("A coordinator has either --broker or --embedded");
  }
  const note = (text: string) => err.write(`${text}\n`);
  const path = absolute(flags.ledger ?? `${stateDirectory()}/buildr/ledger.db`, Deno.cwd());

  await using stack = new AsyncDisposableStack();
  stack.use(await lockLedger(path));
  const ledger = stack.use(await Ledger.open(path));
  const transport = broker === undefined
    ? new EmbeddedCoordinatorTransport(ledger)
    : await rabbit(broker, flags.queueType);
  const onProblem = problemTeller(note);
  const coordinator = stack.use(
    await Coordinator.start({
      ledger,
      transport,
      repositories,
      onProblem,
      ...(retention === undefined ? {} : { retentionMs: retention }),
    }),
  );
  const server = stack.use(
    await startServer({
      coordinator,
      hostname,
      port,
      tokens,
      names: flags.name ?? [],
      webhooks,
      onProblem,
      ...(transport instanceof EmbeddedCoordinatorTransport ? { agents: transport } : {}),
    }).catch((error) => {
      if (error instanceof UnguardedError) {
        throw new UsageError(`${error.message}; name a file with one in --token-file`);
      }
      if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.AddrNotAvailable) {
        throw new UsageError(`Cannot listen at ${flags.listen}: ${error.message}`);
      }
      throw error;
    }),
  );
  out.write(`${server.url}\n`);
  note(`Hands builds to ${transport.name}; what it knows is in ${path}`);
  const { broken, done } = await startAgent(
    slots,
    server.url.replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=:)/, "//127.0.0.1"),
  );
  await Promise.race([ending, broken]);
  note("Ends");
  await done();

  async function startAgent(count: number, url: string) {
    if (count === 0) return { broken: new Promise<never>(() => {}), done: () => Promise.resolve() };
    const agent: AgentTransport = broker === undefined
      ? await (await import("../lib/buildr/queue/embedded/agent_transport.ts"))
        .EmbeddedAgentTransport.open({
          url,
          ...(tokens[0] === undefined ? {} : { token: tokens[0] }),
        })
      : await (await import("../lib/buildr/queue/rabbit/agent_transport.ts"))
        .RabbitAgentTransport.open({ url: broker, queueType: flags.queueType });
    stack.use(agent);
    const stop = new AbortController();
    const running = runAgent({
      transport: agent,
      slots: count,
      workdir: `${cacheDirectory()}/buildr/agent`,
      repositories,
      allowedEnv: flags.allowEnv ?? [],
      dockerSocket: flags.dockerSocket,
      signal: stop.signal,
      onNote: note,
    });
    return {
      broken: running,
      // Its builds are given back, and start again with the next coordinator or agent.
      done: async () => {
        stop.abort(new Error(`Stopped with exit code ${interrupt.exitCode ?? 0}`));
        await running;
      },
    };
  }
}

async function rabbit(url: string, queueType: "classic" | "quorum") {
  const { RabbitCoordinatorTransport } = await import(
    "../lib/buildr/queue/rabbit/coordinator_transport.ts"
  );
  return RabbitCoordinatorTransport.create({ url, queueType });
}

/** Two coordinators on one ledger would hand every build out twice. */
async function lockLedger(path: string): Promise<FileLock> {
  try {
    return await FileLock.acquire(`${path}.lock`, {
      purpose: "a buildr coordinator",
      timeoutMs: 0,
      parents: true,
    });
  } catch (error) {
    const held = chainOf(error).find((one) => one instanceof LockTimeoutError);
    if (held === undefined) throw error;
    const pid = held.holder === undefined ? "" : ` (process ${held.holder.pid})`;
    throw new UsageError(`Another coordinator${pid} has the ledger "${path}"`);
  }
}

/** The same trouble again and again is told once a minute. */
function problemTeller(note: (text: string) => void): (error: unknown) => void {
  const told = new Map<string, number>();
  return (error) => {
    const message = errorMessage(error);
    const now = performance.now();
    if (now - (told.get(message) ?? -Infinity) < 60_000) return;
    if (told.size > 1_000) told.clear();
    told.set(message, now);
    note(`Problem: ${message}`);
  };
}
