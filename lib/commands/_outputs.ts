import {
  type CommandSpec,
  DEFAULT_RECORD_LIMIT_BYTES,
  type LogFileSpec,
  type LogTarget,
  type PerStream,
} from "./command_spec.ts";
import { ForwardSink } from "./output/forward_sink.ts";
import { OutputRecorder } from "./output/output_recorder.ts";
import { nextColour, wantsColour } from "./output/prefix_colours.ts";
import { RotatingLog } from "./output/rotating_log.ts";
import { SharedLog } from "./output/shared_log.ts";
import type { OutputSink, OutputWriter } from "./output/sink.ts";
import type { RunOptions } from "./run_options.ts";
import { redactorOf } from "./secrets.ts";

type StreamName = "stdout" | "stderr";

/** The log of each stream, open, and the files to close when the command does not start. */
export interface OpenLogs extends PerStream<OutputSink> {
  readonly files: readonly RotatingLog[];
}

/** Opens the log files of a command, before it is started. */
export async function openLogs(spec: CommandSpec): Promise<OpenLogs> {
  if (spec.log === undefined) return { files: [] };
  const { stdout, stderr } = isTarget(spec.log) ? { stdout: spec.log, stderr: spec.log } : spec.log;
  const files: RotatingLog[] = [];
  const open = async (target: LogTarget | undefined) => {
    if (target === undefined) return undefined;
    const file: LogFileSpec = typeof target === "string" ? { path: target } : target;
    const limitBytes = file.limitBytes ?? spec.logLimitBytes;
    const log = await RotatingLog.open(file.path, { ...file, limitBytes });
    files.push(log);
    return log;
  };
  try {
    if (stdout !== undefined && stderr !== undefined && await isSameFile(stdout, stderr)) {
      const file = await open(stdout);
      const shared = file === undefined ? undefined : new SharedLog(file);
      return { files, stdout: shared?.stream(), stderr: shared?.stream() };
    }
    return { files, stdout: await open(stdout), stderr: await open(stderr) };
  } catch (error) {
    for (const file of files) await file.end();
    throw error;
  }
}

/** Makes what takes one stream of a started command to where it belongs. */
export function recorderOf(
  spec: CommandSpec,
  options: RunOptions,
  logs: OpenLogs,
  name: StreamName,
  pid: number,
): OutputRecorder {
  const { record = true, recordLimitBytes = DEFAULT_RECORD_LIMIT_BYTES } = spec;
  const records = typeof record === "boolean" ? record : record[name] ?? true;
  const sinks: OutputSink[] = [];
  const log = logs[name];
  if (log !== undefined) sinks.push(redacted(spec, log));
  const writer = options[name] ?? Deno[name];
  const prefix = prefixOf(spec, name, pid, writer);
  if (prefix !== undefined) sinks.push(redacted(spec, new ForwardSink(prefix, writer)));
  for (const sink of options.sinks?.[name] ?? []) sinks.push(sink);
  return new OutputRecorder({ tailLimitBytes: records ? recordLimitBytes : 0, sinks });
}

function prefixOf(
  { forward = false, program }: CommandSpec,
  name: StreamName,
  pid: number,
  writer: OutputWriter,
): string | undefined {
  const choice = typeof forward === "boolean" ? forward : forward[name] ?? false;
  if (choice === false) return undefined;
  if (typeof choice === "string") return choice;
  const prefix = `${program} ${pid} ${name === "stdout" ? " |" : "E|"} `;
  return wantsColour(writer) ? nextColour(prefix) : prefix;
}

function redacted(spec: CommandSpec, sink: OutputSink): OutputSink {
  if (!spec.redactOutput) return sink;
  const redactor = redactorOf(spec);
  return redactor.isEmpty ? sink : redactor.sink(sink);
}

function isTarget(log: NonNullable<CommandSpec["log"]>): log is LogTarget {
  return typeof log === "string" || "path" in log;
}

// Two descriptors on one file would overwrite each other's bytes.
async function isSameFile(one: LogTarget, other: LogTarget): Promise<boolean> {
  const paths = [one, other].map((target) => typeof target === "string" ? target : target.path);
  if (paths[0] === paths[1]) return true;
  try {
    const [a, b] = await Promise.all(paths.map(realPathOf));
    return a === b;
  } catch {
    return false; // no permission to look, or no directory: opening will tell
  }
}

// Of a file that may not be there yet.
async function realPathOf(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const cut = path.lastIndexOf("/") + 1;
    return `${await Deno.realPath(path.slice(0, cut) || ".")}/${path.slice(cut)}`;
  }
}
