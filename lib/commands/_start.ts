import { acquireDirPath } from "../files/mod.ts";
import { feedInput } from "./_input.ts";
import { whileNotEnding } from "./_live.ts";
import { openLogs, recorderOf } from "./_outputs.ts";
import { startWatcher } from "./_watcher.ts";
import type { Command } from "./command.ts";
import { commandLine } from "./command_line.ts";
import { CommandRunner } from "./command_runner.ts";
import type { CommandSpec } from "./command_spec.ts";
import { CommandStartError } from "./errors.ts";
import type { RunOptions } from "./run_options.ts";

/** Starts a command; everything that can fail does so before there is a process. */
export async function startCommand(command: Command, options: RunOptions): Promise<CommandRunner> {
  const { spec } = command;
  options.signal?.throwIfAborted();
  await whileNotEnding();
  const cwd = spec.cwd === undefined ? undefined : await acquireCwd(spec, spec.cwd);
  const logs = await openLogs(spec).catch((cause) => {
    throw startError(spec, "its log cannot be opened", cause);
  });
  let child: Deno.ChildProcess;
  try {
    if (spec.dieWithParent) startWatcher();
    child = spawn(spec, options, cwd);
  } catch (cause) {
    for (const file of logs.files) await file.end();
    throw startError(spec, reasonOf(spec, cause), cause);
  }
  const isOwn = spec.interactive === true;
  const runner = new CommandRunner(command, {
    child,
    isGroup: wantsGroup(spec, options),
    isInteractive: isOwn,
    stdout: isOwn ? undefined : recorderOf(spec, options, logs, "stdout", child.pid),
    stderr: isOwn ? undefined : recorderOf(spec, options, logs, "stderr", child.pid),
    input: isInput(options.stdin) ? feedInput(child.stdin, options.stdin) : undefined,
    stdin: options.stdin === "piped" ? child.stdin : undefined,
    signal: options.signal,
  });
  if (isOwn) { for (const file of logs.files) await file.end(); }
  if (spec.dieWithParent) await runner.watch();
  return runner;
}

function spawn(spec: CommandSpec, options: RunOptions, cwd: string | undefined): Deno.ChildProcess {
  const output = spec.interactive ? "inherit" : "piped";
  const { stdin = spec.interactive ? "inherit" : "null" } = options;
  return new Deno.Command(spec.program, {
    args: [...spec.args],
    env: spec.env,
    clearEnv: spec.envClear,
    cwd,
    stdin: isInput(stdin) ? "piped" : stdin as "null" | "inherit" | "piped",
    stdout: output,
    stderr: output,
    detached: wantsGroup(spec, options),
  }).spawn();
}

function wantsGroup(spec: CommandSpec, options: RunOptions): boolean {
  // Without a group a watcher would have nothing to end but the program itself.
  if (spec.interactive) return false;
  return (spec.dieWithParent || options.group !== false) && Deno.build.os !== "windows";
}

function isInput(stdin: RunOptions["stdin"]): stdin is Uint8Array | string | ReadableStream {
  return stdin !== undefined && stdin !== "null" && stdin !== "inherit" && stdin !== "piped";
}

async function acquireCwd(spec: CommandSpec, directory: string): Promise<string> {
  try {
    return await acquireDirPath(directory);
  } catch (cause) {
    throw startError(spec, "its directory cannot be used", cause);
  }
}

function startError(spec: CommandSpec, reason: string, cause: unknown): CommandStartError {
  return new CommandStartError({
    program: spec.program,
    commandLine: commandLine(spec),
    reason,
    cause,
  });
}

function reasonOf(spec: CommandSpec, cause: unknown): string {
  const program = JSON.stringify(spec.program);
  if (cause instanceof Deno.errors.NotFound) {
    return `program ${program} was not found, or the interpreter that its first line names`;
  }
  if (cause instanceof Deno.errors.PermissionDenied) return `program ${program} is not executable`;
  return `the system refuses to run ${program}`;
}
