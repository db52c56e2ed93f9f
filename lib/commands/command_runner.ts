import { Deadline, delay } from "../retry/mod.ts";
import { drain } from "./_drain.ts";
import type { InputFeed } from "./_input.ts";
import { enlist, type LiveCommand, whileNotEnding } from "./_live.ts";
import { GroupScope, type ProcessScope, TreeScope } from "./_scope.ts";
import type { Command } from "./command.ts";
import { CommandResult, outputTail } from "./command_result.ts";
import { DEFAULT_DRAIN_MS, DEFAULT_GRACE_MS } from "./command_spec.ts";
import { CommandFinishedError, CommandOutputError, CommandTimeoutError } from "./errors.ts";
import type { OutputRecorder } from "./output/output_recorder.ts";

/** Nothing tells when an orphan ends, so it is asked for; 5 ms is below what anybody notices. */
const POLL_MS = 5;

/** After SIGKILL only the system itself can keep a process: not worth waiting for long. */
const KILL_WAIT_MS = 1_000;

/** What a runner is made from; for {@linkcode Command.run}. */
export interface StartedCommand {
  /** The process. */
  readonly child: Deno.ChildProcess;
  /** Whether it leads a process group of its own. */
  readonly isGroup: boolean;
  /** Whether it has the terminal. */
  readonly isInteractive: boolean;
  /** Takes its standard output. */
  readonly stdout: OutputRecorder | undefined;
  /** Takes its standard error. */
  readonly stderr: OutputRecorder | undefined;
  /** Input that is being written to it. */
  readonly input: InputFeed | undefined;
  /** Its standard input, for the caller to write to. */
  readonly stdin: WritableStream<Uint8Array> | undefined;
  /** Terminates it. */
  readonly signal: AbortSignal | undefined;
}

/**
 * A running command, made by {@linkcode Command.run}.
 *
 * Its output is read all the time, whether anybody waits or not. It does not keep this program
 * running unless somebody waits for it, and it does not survive this program (see `forgetOnDrop`
 * and `dieWithParent`). Disposing of the runner kills what is left, the group included.
 *
 * @example
 * ```ts
 * import { command } from "@superorch/superorch/commands";
 *
 * await using runner = await command("sleep 60").run();
 * const result = await runner.terminate();
 * console.log(result.terminated, result.signal); // true "SIGTERM"
 * ```
 */
export class CommandRunner implements AsyncDisposable {
  /** What runs. */
  readonly command: Command;
  /** Its standard input, if it was started with `stdin: "piped"`. */
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly #child: Deno.ChildProcess;
  readonly #scope: ProcessScope;
  readonly #stdout: OutputRecorder | undefined;
  readonly #stderr: OutputRecorder | undefined;
  readonly #input: InputFeed | undefined;
  readonly #settled: Promise<CommandResult>;
  readonly #finished: Promise<CommandResult>;
  readonly #delist: () => void;
  readonly #isGroup: boolean;
  readonly #readFailures: unknown[] = [];
  #unwatch: (() => Promise<void>) | undefined;
  #stopListening: (() => void) | undefined;
  #result: CommandResult | undefined;
  #hasExited = false;
  #ending: Promise<void> | undefined;
  #terminated = false;
  #holds = 0;

  /**
   * Takes over a started process.
   *
   * @param command What runs.
   * @param started The process and its streams.
   */
  constructor(command: Command, started: StartedCommand) {
    this.command = command;
    this.stdin = started.stdin;
    this.#child = started.child;
    this.#isGroup = started.isGroup;
    this.#scope = started.isGroup
      ? new GroupScope(started.child.pid)
      : new TreeScope(started.child);
    this.#stdout = started.stdout;
    this.#stderr = started.stderr;
    this.#input = started.input;
    this.#child.unref();
    this.#settled = this.#settle();
    this.#delist = command.spec.forgetOnDrop ? () => {} : enlist(this.#liveCommand(started));
    this.#finished = this.#finish();
    this.#finished.catch(() => {}); // for whoever waits
    const { signal } = started;
    if (signal !== undefined) {
      const onAbort = () => void this.terminate().catch(() => {}); // or it has just finished
      signal.addEventListener("abort", onAbort, { once: true });
      this.#stopListening = () => signal.removeEventListener("abort", onAbort);
    }
  }

  /** Its process id, `undefined` once it has ended: the number may be somebody else's then. */
  get pid(): number | undefined {
    return this.#hasExited ? undefined : this.#child.pid;
  }

  /** Whether it still runs, or has ended and all of its output is where it belongs. */
  get status(): "running" | "finished" {
    return this.#result === undefined ? "running" : "finished";
  }

  /** How it ended, `undefined` as long as it runs. */
  get result(): CommandResult | undefined {
    return this.#result;
  }

  /** What is recorded of its standard output so far. */
  stdoutTail(): Uint8Array<ArrayBuffer> {
    return this.#stdout?.tail.bytes() ?? new Uint8Array(0);
  }

  /** What is recorded of its standard error so far. */
  stderrTail(): Uint8Array<ArrayBuffer> {
    return this.#stderr?.tail.bytes() ?? new Uint8Array(0);
  }

  /**
   * Iterates over the lines of one stream: those that are recorded, then each one as it comes. A
   * loop that is slow holds the command up; one that is left lets it go.
   *
   * @param options `stream`: which one. Default `"stdout"`.
   * @returns Lines without their ends, invalid bytes as U+FFFD.
   */
  async *lines(
    options: { readonly stream?: "stdout" | "stderr" } = {},
  ): AsyncGenerator<string, void, void> {
    const recorder = options.stream === "stderr" ? this.#stderr : this.#stdout;
    if (recorder === undefined) return;
    this.#ref();
    try {
      yield* recorder.lines();
    } finally {
      this.#unref();
    }
  }

  /** Same as {@linkcode CommandRunner.lines} of standard output. */
  [Symbol.asyncIterator](): AsyncGenerator<string, void, void> {
    return this.lines();
  }

  /**
   * Waits for its end. May be called any number of times.
   *
   * @param options `signal`: gives up waiting; the command goes on.
   * @returns How it ended; a failure is a result too.
   * @throws {CommandOutputError} when a log could not be written, or the input could not be read.
   * @throws {unknown} the signal's reason when that is aborted first.
   */
  wait(options: { readonly signal?: AbortSignal } = {}): Promise<CommandResult> {
    return this.#while(async () => {
      if (options.signal === undefined) return await this.#finished;
      using deadline = Deadline.after(undefined, options);
      return await deadline.race(this.#finished);
    });
  }

  /**
   * Waits for its end, but not for ever. The runner is as usable after a time-out as before.
   *
   * @param timeoutMs How long; `0` only looks.
   * @param options `signal`: gives up waiting; the command goes on.
   * @returns How it ended.
   * @throws {CommandTimeoutError} when it still runs; `isTimeout()` is true for it.
   * @throws {unknown} the same as {@linkcode CommandRunner.wait}.
   */
  waitWithTimeout(
    timeoutMs: number,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<CommandResult> {
    return this.#while(async () => {
      using deadline = Deadline.after(timeoutMs, options);
      try {
        if (this.#result !== undefined) return await this.#finished;
        return await deadline.race(this.#finished);
      } catch (cause) {
        if (!deadline.isOver || options.signal?.aborted || this.#result !== undefined) throw cause;
        throw this.timeoutError(timeoutMs, cause);
      }
    });
  }

  /**
   * Makes the error for a command that took too long.
   *
   * @param timeoutMs How long it was given.
   * @param cause The time-out itself.
   * @returns The error, with the output so far.
   */
  timeoutError(timeoutMs: number, cause: unknown): CommandTimeoutError {
    const tailOf = (recorder: OutputRecorder | undefined) =>
      recorder === undefined
        ? ""
        : outputTail(this.command, recorder.tail.bytes(), recorder.tail.droppedBytes);
    return new CommandTimeoutError({
      commandLine: this.command.toString(),
      timeoutMs,
      state: this.#terminated
        ? "was terminated"
        : this.#hasExited
        ? "has ended, but its output is not written yet"
        : `still runs as process ${this.#child.pid}`,
      stdoutTail: tailOf(this.#stdout),
      stderrTail: tailOf(this.#stderr),
      cause,
    });
  }

  /**
   * Sends a signal to it, and to everything that it has started if it runs in its own group.
   *
   * @param name The signal. SIGINT is what Ctrl-C sends, SIGTERM what `kill` sends.
   * @throws {CommandFinishedError} when it has ended.
   */
  signal(name: Deno.Signal): void {
    if (this.#hasExited) throw new CommandFinishedError("send a signal to", `${this.command}`);
    if (this.#isGroup) this.#scope.signal(name);
    else this.#child.kill(name);
  }

  /**
   * Ends it and everything that it has started: SIGTERM, then, after the grace, SIGKILL. What it
   * prints until then is kept. After its end this ends what it has left behind.
   *
   * @param options `graceMs`: instead of the command's own.
   * @returns How it ended, with `terminated` set.
   * @throws {CommandFinishedError} when it has ended and has left nothing behind.
   */
  terminate(options: { readonly graceMs?: number } = {}): Promise<CommandResult> {
    const { graceMs = this.command.spec.graceMs ?? DEFAULT_GRACE_MS } = options;
    return this.#end("terminate", graceMs);
  }

  /**
   * Ends it and everything that it has started with SIGKILL. What it has printed is kept.
   *
   * @returns How it ended, with `terminated` set.
   * @throws {CommandFinishedError} when it has ended and has left nothing behind.
   */
  kill(): Promise<CommandResult> {
    return this.#end("kill", 0);
  }

  /**
   * Kills what is left of it, unless the command says `forgetOnDrop`. A forgotten command goes on;
   * its output is read as long as this program runs, and a pipe without a reader awaits it then.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.command.spec.forgetOnDrop) return;
    if (!this.#hasExited || this.#scope.isAlive()) await this.kill().catch(() => {});
    await this.#finished.catch(() => {}); // whoever cares has waited
    await this.release();
  }

  /** Has it ended when this program is gone, however it went. Called by `run()`. */
  async watch(): Promise<void> {
    const { watchGroup } = await import("./_watcher.ts");
    if (this.#hasExited) return;
    this.#unwatch = await watchGroup(this.#child.pid);
  }

  /** Waits until a command that its own input has ended is gone. Called by `runToCompletion()`. */
  async ended(): Promise<void> {
    await this.#ending;
  }

  /** Lets what a finished command has left behind go on. Called by `runToCompletion()`. */
  async release(): Promise<void> {
    this.#delist();
    const unwatch = this.#unwatch;
    this.#unwatch = undefined;
    await unwatch?.();
  }

  async #settle(): Promise<CommandResult> {
    const note = (error: unknown) => void this.#readFailures.push(error);
    const consumed = Promise.all([
      this.#stdout?.consume(this.#child.stdout).catch(note),
      this.#stderr?.consume(this.#child.stderr).catch(note),
    ]);
    if (this.#input !== undefined) {
      this.#input.done.then(({ failure }) => {
        // Half of its input must not look like all of it.
        if (failure === undefined || this.#hasExited) return;
        this.#ending = this.terminate().then(() => {}, () => {}); // told by the result
      });
    }
    const status = await this.#child.status;
    this.#hasExited = true;
    this.#scope.leaderEnded();
    this.#stopListening?.();
    this.#input?.stop();
    const recorders = [this.#stdout, this.#stderr].filter((recorder) => recorder !== undefined);
    const { drainMs = DEFAULT_DRAIN_MS } = this.command.spec;
    await drain(recorders, consumed, drainMs, () => this.#terminated);
    return new CommandResult({
      command: this.command,
      code: status.code,
      signal: status.signal,
      terminated: this.#terminated,
      stdout: this.stdoutTail(),
      stderr: this.stderrTail(),
      stdoutDroppedBytes: this.#stdout?.tail.droppedBytes ?? 0,
      stderrDroppedBytes: this.#stderr?.tail.droppedBytes ?? 0,
    });
  }

  async #finish(): Promise<CommandResult> {
    const result = await this.#settled;
    // While this program dies of a signal nobody is told: it would look like a failure.
    const ending = whileNotEnding();
    if (ending !== undefined) await ending;
    this.#result = result;
    if (!this.#scope.isAlive()) await this.release();
    const [failure] = [
      ...this.#readFailures,
      ...this.#stdout?.failures ?? [],
      ...this.#stderr?.failures ?? [],
    ];
    if (failure !== undefined) {
      throw new CommandOutputError(`Cannot keep the output of "${this.command}"`, result, failure);
    }
    if (this.#input !== undefined && result.terminated) {
      const { failure } = await this.#input.done;
      if (failure === undefined) return result;
      throw new CommandOutputError(`Cannot read the input of "${this.command}"`, result, failure);
    }
    return result;
  }

  async #end(action: string, graceMs: number): Promise<CommandResult> {
    if (this.#hasExited && !this.#scope.isAlive()) {
      throw new CommandFinishedError(action, `${this.command}`);
    }
    this.#terminated ||= !this.#hasExited;
    return await this.#while(async () => {
      if (graceMs > 0) {
        this.#scope.signal("SIGTERM");
        this.#scope.signal("SIGCONT"); // a stopped program hears nothing before it goes on
        await this.#goneWithin(graceMs);
      }
      this.#scope.signal("SIGKILL");
      await this.#goneWithin(KILL_WAIT_MS);
      try {
        return await this.#finished;
      } finally {
        await this.release();
      }
    });
  }

  async #goneWithin(durationMs: number): Promise<void> {
    // The usual case, one program that ends, is an event; only orphans must be asked for.
    using deadline = Deadline.after(durationMs);
    await deadline.race(this.#child.status).catch(() => {});
    while (!deadline.isOver && this.#scope.isAlive()) await delay(POLL_MS);
  }

  #liveCommand(started: StartedCommand): LiveCommand {
    return {
      scope: this.#scope,
      terminal: started.isInteractive ? "own" : started.isGroup ? "none" : "shared",
      graceMs: this.command.spec.graceMs ?? DEFAULT_GRACE_MS,
      hasExited: () => this.#hasExited,
      settled: this.#settled.catch(() => {}),
      onForward: () => {
        this.#terminated ||= !this.#hasExited;
      },
    };
  }

  async #while<T>(work: () => Promise<T>): Promise<T> {
    this.#ref();
    try {
      return await work();
    } finally {
      this.#unref();
    }
  }

  #ref(): void {
    if (this.#holds++ === 0 && !this.#hasExited) this.#child.ref();
  }

  #unref(): void {
    if (--this.#holds === 0 && !this.#hasExited) this.#child.unref();
  }
}
