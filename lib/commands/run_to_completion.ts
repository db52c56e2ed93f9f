import { Deadline } from "../retry/mod.ts";
import { startCommand } from "./_start.ts";
import type { Command } from "./command.ts";
import type { CommandResult } from "./command_result.ts";
import type { RunToCompletionOptions } from "./run_options.ts";

/**
 * Runs a command and waits for its end; the function behind {@linkcode Command.runToCompletion}.
 *
 * @param command The command.
 * @param options Its standard input, a time limit, an abort signal.
 * @returns How it ended.
 * @throws {unknown} what {@linkcode Command.runToCompletion} says.
 */
export async function runToCompletion(
  command: Command,
  options: RunToCompletionOptions,
): Promise<CommandResult> {
  const { timeoutMs = Infinity, signal, ...rest } = options;
  const isLimited = timeoutMs !== Infinity || signal !== undefined;
  signal?.throwIfAborted();
  const runner = await startCommand(command, { ...rest, group: rest.group ?? isLimited });
  if (!isLimited) {
    try {
      return await runner.wait();
    } finally {
      await runner.ended();
      await runner.release();
    }
  }
  using deadline = Deadline.after(timeoutMs, { signal });
  try {
    const result = await deadline.race(runner.wait());
    await runner.release();
    return result;
  } catch (error) {
    await runner.terminate().catch(() => {}); // or it has finished meanwhile
    await runner.ended();
    await runner.release();
    if (signal?.aborted) throw signal.reason;
    throw deadline.isOver && runner.result?.terminated
      ? runner.timeoutError(timeoutMs, error)
      : error;
  }
}
