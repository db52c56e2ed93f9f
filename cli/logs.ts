import { Demultiplexer } from "../lib/engine/mod.ts";
import { connectEngine, type ContainerSummary, type EngineClient } from "../lib/engine/mod.ts";
import { LinePrefixer } from "../lib/commands/output/mod.ts";
import { LABEL } from "../lib/containers/labels.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { findContainers, ownContainers } from "./find_container.ts";
import type { Output, Sink } from "./output.ts";
import { UsageError } from "./usage_error.ts";

interface LogsOptions {
  readonly project?: string;
  readonly follow: boolean;
  readonly tail?: number;
  readonly since?: Date;
  readonly timestamps: boolean;
}

/**
 * Makes `superorch logs`.
 *
 * @param output Where it prints: the containers' output on standard output, their errors on the
 * other.
 * @returns The command.
 */
export function logsCommand(output: Output): CommandUnknownOpts {
  return new Command("logs")
    .description("Show what containers that superorch started have written.")
    .argument("[name...]", "their names. Default: all that run")
    .option("-p, --project <name>", "the network they belong to")
    .option("-f, --follow", "go on until they end")
    .option("-n, --tail <lines>", "only the last lines", wholeNumber)
    .option("--since <when>", "not older: a date, or for example 90s, 10m, 2h", moment)
    .option("-t, --timestamps", "begin each line with its time")
    .action(async (names, { project, follow, tail, since, timestamps }) => {
      await using engine = await connectEngine();
      const chosen = names.length === 0
        ? await ownContainers(engine, { project })
        : (await Promise.all(
          names.map((name) => findContainers(engine, name, { project, all: true })),
        )).flat();
      const options = {
        project,
        follow: follow === true,
        tail,
        since,
        timestamps: timestamps === true,
      };
      const width = Math.max(0, ...chosen.map((one) => nameOf(one).length));
      const shown = chosen.map((one) => show(engine, one, width, options, output));
      await Promise.all(shown);
    });
}

async function show(
  engine: EngineClient,
  container: ContainerSummary,
  width: number,
  options: LogsOptions,
  output: Output,
): Promise<void> {
  const { Config } = await engine.containers.inspect(container.Id);
  const name = nameOf(container).padEnd(width);
  const sinks = {
    stdout: lineSink(`${name}  | `, output.out),
    stderr: lineSink(`${name} E| `, output.err),
  };
  const stream = await engine.containers.logs(container.Id, options);
  const demultiplexer = new Demultiplexer((from, piece) => sinks[from].write(piece));
  for await (const chunk of stream) {
    if (Config.Tty) sinks.stdout.write(chunk);
    else demultiplexer.write(chunk);
  }
  if (!Config.Tty) demultiplexer.end();
  sinks.stdout.end();
  sinks.stderr.end();
}

// Whole lines only: those of several containers would run into each other otherwise.
function lineSink(prefix: string, sink: Sink) {
  const prefixer = new LinePrefixer(prefix);
  let open = "";
  const take = (text: string) => {
    open += text;
    const end = open.lastIndexOf("\n") + 1;
    if (end > 0) sink.write(open.slice(0, end));
    open = open.slice(end);
  };
  return {
    write: (piece: Uint8Array) => take(prefixer.push(piece)),
    end: () => take(prefixer.flush()),
  };
}

function nameOf(container: ContainerSummary): string {
  return container.Labels[LABEL.name] ?? container.Id.slice(0, 12);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`Cannot show "${text}" lines: it must be a number`);
  return Number(text);
}

const UNITS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };

function moment(text: string): Date {
  const age = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  const ms = age === null ? Date.parse(text) : Date.now() - Number(age[1]) * UNITS[age[2]!]!;
  if (Number.isNaN(ms)) {
    throw new UsageError(`Cannot understand --since "${text}": give a date, or for example 10m`);
  }
  return new Date(ms);
}
