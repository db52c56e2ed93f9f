import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { addClientFlags, CoordinatorClient, type RemoteBuild } from "./_buildr_client.ts";
import { formatAge, formatJson, formatTable, type Output } from "./output.ts";

interface StatusFlags {
  readonly coordinator?: string;
  readonly tokenFile?: string;
  readonly status?: string;
  readonly repo?: string;
  readonly branch?: string;
  readonly limit?: string;
  readonly agents?: boolean;
  readonly json?: boolean;
}

interface One {
  readonly build: RemoteBuild;
  readonly stages: readonly {
    readonly stage: string;
    readonly status: string;
    readonly started_at?: number;
    readonly finished_at?: number;
  }[];
}

interface Agents {
  readonly agents: readonly {
    readonly name: string;
    readonly alive: boolean;
    readonly draining: boolean;
    readonly slots: number;
    readonly builds: readonly string[];
    readonly tags: readonly string[];
    readonly heard_at: number;
  }[];
}

/**
 * Makes `superorch buildr status`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function statusCommand(output: Output): CommandUnknownOpts {
  const command = new Command("status")
    .description("Show where a build of a coordinator stands, or list its builds, newest first.")
    .argument("[build]", "id or number of a build")
    .option("--status <states>", "only these, separated by commas: queued, running, passed, …")
    .option("--repo <address>", "only builds of this repository")
    .option("--branch <name>", "only builds of this branch")
    .option("-n, --limit <n>", "at most so many (default: 20)")
    .option("--agents", "show agents in place of builds")
    .option("--json", "print JSON");
  return addClientFlags(command as unknown as Command).action(async (...words: unknown[]) => {
    const [id, flags] = words as [string | undefined, StatusFlags];
    const client = await CoordinatorClient.of(flags);
    if (flags.agents === true) return printAgents(await client.ask("GET", "/api/v1/agents"), flags);
    if (id !== undefined) {
      return printOne(await client.ask("GET", `/api/v1/builds/${encodeURIComponent(id)}`), flags);
    }
    const query = new URLSearchParams({ limit: flags.limit ?? "20" });
    for (const name of ["status", "repo", "branch"] as const) {
      const value = flags[name];
      if (value !== undefined) query.set(name, value);
    }
    printList(await client.ask("GET", `/api/v1/builds?${query}`), flags);
  }) as unknown as CommandUnknownOpts;

  function printList(answer: { readonly builds: readonly RemoteBuild[] }, flags: StatusFlags) {
    if (flags.json === true) return output.out.write(formatJson(answer));
    output.out.write(formatTable(COLUMNS, answer.builds.map(row), output.out));
  }

  function printOne(answer: One, flags: StatusFlags) {
    if (flags.json === true) return output.out.write(formatJson(answer));
    output.out.write(formatTable(COLUMNS, [row(answer.build)], output.out));
    const { reason } = answer.build;
    if (reason !== undefined && reason !== "") {
      output.out.write(formatTable(["REASON"], [[reason]], output.out));
    }
    if (answer.stages.length === 0) return;
    const rows = answer.stages.map(({ stage, status, started_at, finished_at }) => [
      stage,
      status,
      started_at === undefined ? "-" : took(started_at, finished_at),
    ]);
    output.out.write(`\n${formatTable(["STAGE", "STATUS", "TOOK"], rows, output.out)}`);
  }

  function printAgents(answer: Agents, flags: StatusFlags) {
    if (flags.json === true) return output.out.write(formatJson(answer));
    const rows = answer.agents.map((agent) => [
      agent.name,
      !agent.alive ? "gone" : agent.draining ? "draining" : "alive",
      `${agent.builds.length}/${agent.slots}`,
      agent.tags.join(",") || "-",
      formatAge((Date.now() - agent.heard_at) / 1_000),
    ]);
    output.out.write(formatTable(["AGENT", "STATE", "BUSY", "TAGS", "HEARD"], rows, output.out));
  }
}

const COLUMNS = ["BUILD", "ID", "STATUS", "REPOSITORY", "BRANCH", "AGENT", "TOOK", "AGE"] as const;

function row(build: RemoteBuild): readonly string[] {
  return [
    `#${build.number}`,
    build.id,
    build.status,
    build.job.repo,
    build.job.branch ?? "-",
    build.agent ?? "-",
    build.started_at === undefined ? "-" : took(build.started_at, build.finished_at),
    formatAge((Date.now() - build.submitted_at) / 1_000),
  ];
}

function took(from: number, to = Date.now()): string {
  return formatAge((to - from) / 1_000);
}
