import type { OutputSink, OutputWriter } from "./output/sink.ts";
import type { PerStream } from "./command_spec.ts";

/** What a program reads: bytes, a text, or a stream of bytes. */
export type CommandInput = Uint8Array | string | ReadableStream<Uint8Array>;

/** How one run of a command differs from another. */
export interface RunOptions {
  /**
   * Its standard input: nothing (`"null"`), this program's own (`"inherit"`), or what is written
   * to the runner's `stdin` (`"piped"`). Default `"null"`; `"inherit"` for an interactive command.
   */
  readonly stdin?: "null" | "inherit" | "piped";
  /** What it reads, instead of `stdin`. One that does not read all of it is none the worse. */
  readonly input?: CommandInput;
  /** Terminates the command, with everything that it has started. */
  readonly signal?: AbortSignal;
  /** Where its standard output is forwarded to. Default `Deno.stdout`. */
  readonly stdout?: OutputWriter;
  /** Where its standard error is forwarded to. Default `Deno.stderr`. */
  readonly stderr?: OutputWriter;
  /** Who else takes the streams; a slow one holds the command up. Ended with the streams. */
  readonly sinks?: PerStream<readonly OutputSink[]>;
  /**
   * Put it into a process group and session of its own, so that ending it ends everything that it
   * has started. It then has no terminal to ask for a password on. Costs 0.8 ms, as it makes the
   * runtime fork (tests/bench/commands.ts). Default: `true` for `run()`, and for
   * `runToCompletion()` with a time limit or a signal; never for an interactive command.
   */
  readonly group?: boolean;
}

/** How a run to completion differs from another. */
export interface RunToCompletionOptions extends RunOptions {
  /** After this time the command is terminated and the call fails. Default: no limit. */
  readonly timeoutMs?: number;
}
