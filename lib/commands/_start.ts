import { feedInput } from "./_input.ts";
import { expectCommand, whileNotEnding } from "./_live.ts";
import { type OpenLogs, openLogs, recorderOf } from "./_outputs.ts";
import type { Command } from "./command.ts";
import { canSignalGroups } from "./_scope.ts";
import { commandLine } from "./command_line.ts";
import { CommandRunner } from "./command_runner.ts";
import type { CommandSpec } from "./command_spec.ts";
import { CommandStartError } from "./errors.ts";
import type { RunOptions } from "./run_options.ts";

/** Starts a command; everything that can fail does so before there is a process. */
export async function startCommand(command: Command, options: RunOptions): Promise<CommandRunner> {
  const { spec } = command;
  if (options.stdin !== undefined && options.input !== undefined) {
    throw new TypeError(`Cannot start "${command}": "stdin" and "input" exclude each other`);
  }
  options.signal?.throwIfAborted();
  const cwd = spec.cwd === undefined ? undefined : await acquireCwd(spec, spec.cwd);
  if (spec.dieWithParent) await startWatcher(spec);
  const logs = await openLogs(spec).catch((cause) => {
    throw startError(spec, "its log cannot be opened", cause);
  });
  let runner: CommandRunner;
  const enlisted = expectCommand();
  try {
    // Last, as the steps before have taken time; from here to the runner there is no pause.
    await whileNotEnding();
    options.signal?.throwIfAborted();
    runner = runnerOf(command, options, logs, spawn(spec, options, cwd));
  } catch (error) {
    for (const file of logs.files) await file.end();
    if (spec.dieWithParent) await (await import("./_watcher.ts")).stopIdleWatcher();
    throw error;
  } finally {
    enlisted();
  }
  if (!spec.dieWithParent) return runner;
  try {
    await runner.watch();
    return runner;
  } catch (cause) {
    await runner[Symbol.asyncDispose]();
    throw startError(spec, "nobody can watch over it", cause);
  }
}

function runnerOf(
  command: Command,
  options: RunOptions,
  logs: OpenLogs,
  child: Deno.ChildProcess,
): CommandRunner {
  const { spec } = command;
  const recorder = (name: "stdout" | "stderr") =>
    spec.interactive ? undefined : recorderOf(spec, options, logs, name, child.pid);
  return new CommandRunner(command, {
    child,
    isGroup: wantsGroup(spec, options),
    isInteractive: spec.interactive === true,
    stdout: recorder("stdout"),
    stderr: recorder("stderr"),
    input: options.input === undefined ? undefined : feedInput(child.stdin, options.input),
    stdin: options.stdin === "piped" ? child.stdin : undefined,
    signal: options.signal,
  });
}

function spawn(spec: CommandSpec, options: RunOptions, cwd: string | undefined): Deno.ChildProcess {
  const output = spec.interactive ? "inherit" : "piped";
  const { stdin = spec.interactive ? "inherit" : "null", input } = options;
  try {
    return new Deno.Command(spec.program, {
      args: [...spec.args],
      env: spec.env,
      clearEnv: spec.envClear,
      cwd,
      stdin: input === undefined ? stdin : "piped",
      stdout: output,
      stderr: output,
      detached: wantsGroup(spec, options),
    }).spawn();
  } catch (cause) {
    throw startError(spec, reasonOf(spec, cause), cause);
  }
}

function wantsGroup(spec: CommandSpec, options: RunOptions): boolean {
  // Without a group a watcher would have nothing to end but the program itself.
  if (spec.interactive) return false;
  return (spec.dieWithParent || options.group !== false) && canSignalGroups();
}

// Ahead of the command, so that the moment in which nobody watches is short.
async function startWatcher(spec: CommandSpec): Promise<void> {
  if (!canSignalGroups()) {
    throw startError(spec, "nobody can watch over it without process groups and --allow-run", null);
  }
  const watcher = await import("./_watcher.ts");
  try {
    watcher.startWatcher();
  } catch (cause) {
    throw startError(spec, "nobody can watch over it", cause);
  }
}

async function acquireCwd(spec: CommandSpec, directory: string): Promise<string> {
  // Loaded on first use: most commands run where they are, and it takes 2 ms.
  const { acquireDirPath } = await import("../files/mod.ts");
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
