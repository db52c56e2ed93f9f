import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { LABEL } from "../lib/containers/labels.ts";
import { identifyProcess, type Owner, ownerState, parseOwner } from "../lib/containers/owner.ts";
import { connectEngine, type ContainerSummary, type EngineClient } from "../lib/engine/mod.ts";
import { formatAge, formatJson, formatTable, type Output } from "./output.ts";

/** One line of `superorch ps`. */
export interface PsEntry {
  /** The name it has in its network. */
  readonly name: string;
  /** The network it belongs to. */
  readonly project: string;
  /** Id of the run that made it. */
  readonly run: string;
  /** Full id on the engine. */
  readonly id: string;
  /** Image reference. */
  readonly image: string;
  /** `created`, `running`, `exited`, … */
  readonly state: ContainerSummary["State"];
  /** `healthy`, `unhealthy` or `starting`; `null` without a health check or when it does not run. */
  readonly health: "healthy" | "unhealthy" | "starting" | null;
  /** As the docker command writes them, for example `127.0.0.1:8080->80/tcp`. */
  readonly ports: readonly string[];
  /** When it was made, ISO 8601. */
  readonly created: string;
  /** `owner`: it goes with its owner; `kept`: it stays until it is removed by name. */
  readonly lifetime: string;
  /** Whether the process that made it still runs; `unknown` on another machine. */
  readonly owner: "alive" | "dead" | "unknown";
  /** That process, `null` where it is not known. */
  readonly ownerPid: number | null;
}

/**
 * Makes `superorch ps`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function psCommand(output: Output): CommandUnknownOpts {
  return new Command("ps")
    .description("List the containers that superorch started, on the engine that docker would use.")
    .option("-a, --all", "also those that do not run")
    .option("--json", "print JSON")
    .action(async ({ all, json }) => {
      await using engine = await connectEngine();
      const entries = await listContainers(engine, { all: all === true });
      output.out.write(
        json === true ? formatJson(entries) : formatTable(
          ["NAME", "PROJECT", "RUN", "IMAGE", "STATE", "HEALTH", "PORTS", "AGE", "OWNER"],
          entries.map((entry) => rowOf(entry, Date.now())),
          output.out,
        ),
      );
    });
}

/**
 * Lists the containers on an engine that carry superorch's labels.
 *
 * @param engine The engine.
 * @param options `all`: also those that do not run.
 * @returns By project, then by name.
 */
export async function listContainers(
  engine: EngineClient,
  options: { readonly all: boolean; readonly signal?: AbortSignal },
): Promise<readonly PsEntry[]> {
  const containers = await engine.containers.list({
    all: options.all,
    labels: { [LABEL.run]: true },
    signal: options.signal,
  });
  const self = await identifyProcess();
  const entries = await Promise.all(containers.map((container) => entryOf(container, self)));
  const key = ({ project, name, id }: PsEntry) => `${project}\0${name}\0${id}`;
  return entries.sort((a, b) => key(a) < key(b) ? -1 : 1);
}

async function entryOf(container: ContainerSummary, self: Owner | undefined): Promise<PsEntry> {
  const { Id, Names, Labels, Image, State, Status, Created } = container;
  const owner = parseOwner(Labels[LABEL.owner] ?? "");
  return {
    name: Labels[LABEL.name] ?? (Names[0] ?? Id).replace(/^\//, ""),
    project: Labels[LABEL.project] ?? "",
    run: Labels[LABEL.run] ?? "",
    id: Id,
    image: Image,
    state: State,
    health: healthIn(Status),
    ports: portsOf(container),
    created: new Date(Created * 1000).toISOString(),
    lifetime: Labels[LABEL.lifetime] ?? "",
    owner: await ownerState(owner, self),
    ownerPid: owner?.pid ?? null,
  };
}

// The list has the health only in words: "Up 2 minutes (health: starting)".
function healthIn(status: string): PsEntry["health"] {
  const found = /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(status)?.[1];
  return (found ?? null) as PsEntry["health"];
}

// An engine with IPv6 lists "0.0.0.0" and "::" for one published port.
function portsOf({ Ports }: ContainerSummary): readonly string[] {
  const texts = Ports.map(({ IP, PrivatePort, PublicPort, Type }) => {
    if (PublicPort === undefined) return `${PrivatePort}/${Type}`;
    const host = IP === undefined || IP === "::" ? "0.0.0.0" : IP;
    return `${host.includes(":") ? `[${host}]` : host}:${PublicPort}->${PrivatePort}/${Type}`;
  });
  return [...new Set(texts)].sort();
}

function rowOf(entry: PsEntry, nowMs: number): readonly string[] {
  const { name, project, run, image, state, health, ports, created } = entry;
  const { lifetime, owner, ownerPid } = entry;
  return [
    name,
    project,
    run,
    image,
    state,
    health ?? "-",
    ports.join(", ") || "-",
    formatAge((nowMs - Date.parse(created)) / 1000),
    // Whoever started what is kept has ended long since, and that is how it should be.
    lifetime === "kept" ? "kept" : ownerPid === null ? owner : `${owner} (${ownerPid})`,
  ];
}
