import { StackedError } from "../errors/mod.ts";
import {
  ContainerNotRunningError,
  Demultiplexer,
  EngineApiError,
  type EngineClient,
  type HijackedStream,
  ProgramNotFoundError,
} from "../engine/mod.ts";
import { TailBuffer } from "../commands/output/mod.ts";
import { Deadline } from "../retry/mod.ts";

/** How a program is run inside a container. */
export interface ExecOptions {
  /** What it reads. Default: nothing. */
  readonly stdin?: string | Uint8Array | ReadableStream<Uint8Array>;
  /** `user[:group]`. Default: that of the container. */
  readonly user?: string;
  /** Its directory. Default: that of the container. */
  readonly workdir?: string;
  /** Further environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it may do everything. Default `false`. */
  readonly privileged?: boolean;
  /** How many of the last bytes of each output are kept. Default 4 MiB. */
  readonly recordLimitBytes?: number;
  /** Takes its output as it comes; a promise is waited for before more is read. */
  readonly onOutput?: (stream: "stdout" | "stderr", piece: Uint8Array) => unknown;
  /** How long it may take. The engine has no way to end it: it goes on inside. Default: no limit. */
  readonly timeoutMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** What a program run inside a container did. */
export interface ExecResult {
  /** Exit code. */
  readonly exitCode: number;
  /** The last bytes of its output. */
  readonly stdout: Uint8Array;
  /** The last bytes of its error output. */
  readonly stderr: Uint8Array;
  /** The output as text. */
  stdoutText(): string;
  /** The error output as text. */
  stderrText(): string;
}

const RECORD_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Runs a program inside a container that runs.
 *
 * @param engine The engine.
 * @param id The container.
 * @param command Program and arguments.
 * @param options How it is run.
 * @returns Exit code and output; a code other than 0 is no error.
 * @throws {ProgramNotFoundError} when the container has no such program.
 * @throws {ContainerNotRunningError} when the container does not run.
 * @throws {TimeoutError} when it takes too long.
 * @throws {StackedError} when its input cannot be read.
 */
export async function execInContainer(
  engine: EngineClient,
  id: string,
  command: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  using deadline = Deadline.after(options.timeoutMs, {
    signal: options.signal,
    what: `exec of ${JSON.stringify(command)}`,
  });
  const { signal } = deadline;
  const execId = await engine.execs.create(id, {
    Cmd: command,
    AttachStdout: true,
    AttachStderr: true,
    AttachStdin: options.stdin !== undefined,
    User: options.user,
    WorkingDir: options.workdir,
    Privileged: options.privileged,
    Env: options.env === undefined
      ? undefined
      : Object.entries(options.env).map(([name, value]) => `${name}=${value}`),
  }, { signal });
  const limitBytes = options.recordLimitBytes ?? RECORD_LIMIT_BYTES;
  const outputs = {
    stdout: new TailBuffer({ limitBytes }),
    stderr: new TailBuffer({ limitBytes }),
  };
  let waits: Promise<unknown>[] = [];
  const demultiplexer = new Demultiplexer((stream, piece) => {
    outputs[stream].write(piece);
    const wait = options.onOutput?.(stream, piece);
    if (wait instanceof Promise) waits.push(wait);
  });
  using stream = await engine.execs.start(execId, { signal });
  const input = feed(stream, options.stdin);
  const stop = () => {
    stream[Symbol.dispose]();
    input.stop();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    // The input is not waited for: a program that does not exist, or does not read, never takes
    // it, and the end of the output is what says that it is over.
    for (let bytes = await stream.read(); bytes !== null; bytes = await stream.read()) {
      demultiplexer.write(bytes);
      if (waits.length === 0) continue;
      await deadline.race(Promise.all(waits));
      waits = [];
    }
    demultiplexer.end();
    stop();
    const { failure } = await input.done;
    if (failure !== undefined) {
      throw new StackedError(`Cannot read the input of exec ${JSON.stringify(command)}`, {
        cause: failure,
        location: false,
      });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    stop();
    signal.removeEventListener("abort", stop);
  }
  const { ExitCode } = await engine.execs.inspect(execId, { signal });
  const stdout = outputs.stdout.bytes();
  const stderr = outputs.stderr.bytes();
  const exitCode = ExitCode ?? -1;
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout);
  // The engine reports its own failure to run the program as output of the program.
  if ((exitCode === 126 || exitCode === 127) && /^OCI runtime exec failed/.test(text)) {
    throw execFailure(`/exec/${execId}/start`, text.trim());
  }
  return {
    exitCode,
    stdout,
    stderr,
    stdoutText: () => text,
    stderrText: () => decoder.decode(stderr),
  };
}

// `exec: "NAME": …` is about the program, the next ones about what was asked for it. All else is a
// container that ends just now: "cannot exec in a stopped container", its namespaces are gone, or
// its first process is (`setns`, `read init-p: connection reset`). The engine answers 409 when it
// notices that in time.
function execFailure(path: string, reason: string): EngineApiError {
  const fields = { method: "POST", path, reason };
  if (/exec: ".*": /.test(reason)) return new ProgramNotFoundError({ ...fields, status: 200 });
  if (/\bchdir\b|unable to find user|no matching entries|apply caps/.test(reason)) {
    return new EngineApiError({ ...fields, status: 200 });
  }
  return new ContainerNotRunningError({ ...fields, status: 409 });
}

interface InputFeed {
  /** Settles when all is written or nobody reads any more; gives what reading the input threw. */
  readonly done: Promise<{ readonly failure?: unknown }>;
  /** Gives up: the program has ended. An input that never ends would be waited for forever. */
  stop(): void;
}

function feed(stream: HijackedStream, input: ExecOptions["stdin"]): InputFeed {
  const reader = input instanceof ReadableStream ? input.getReader() : undefined;
  let stopped = false;
  // `false`: the program reads no more, which is its good right.
  const put = (bytes: Uint8Array) => stream.write(bytes).then(() => true, () => false);
  const run = async (): Promise<{ readonly failure?: unknown }> => {
    if (input === undefined) return {};
    if (reader === undefined) {
      const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
      if (!await put(bytes as Uint8Array)) return {};
    } else {
      try {
        for (let next = await reader.read(); !next.done; next = await reader.read()) {
          if (stopped || !await put(next.value)) return {};
        }
      } catch (failure) {
        stream[Symbol.dispose](); // the program would wait for the rest of its input forever
        return { failure };
      }
    }
    if (!stopped) await stream.closeWrite().catch(() => {});
    return {};
  };
  return {
    done: run(),
    stop() {
      stopped = true;
      reader?.cancel().catch(() => {});
    },
  };
}
