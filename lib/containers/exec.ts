import {
  ContainerNotRunningError,
  Demultiplexer,
  type EngineApiError,
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
  /** Takes its output as it comes. */
  readonly onOutput?: (stream: "stdout" | "stderr", piece: Uint8Array) => void;
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
  const demultiplexer = new Demultiplexer((stream, piece) => {
    outputs[stream].write(piece);
    options.onOutput?.(stream, piece);
  });
  using stream = await engine.execs.start(execId, { signal });
  const stop = () => stream[Symbol.dispose]();
  signal.addEventListener("abort", stop, { once: true });
  try {
    // The input is not waited for: a program that does not exist, or does not read, never takes
    // it, and the end of the output is what says that it is over.
    const feeding = feed(stream, options.stdin).catch(() => {});
    for (let bytes = await stream.read(); bytes !== null; bytes = await stream.read()) {
      demultiplexer.write(bytes);
    }
    demultiplexer.end();
    stop();
    await feeding;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
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

// A container that ends just when something is run in it: "cannot exec in a stopped container", or
// its namespaces are gone. The engine answers 409 when it notices that in time.
function execFailure(path: string, reason: string): EngineApiError {
  const fields = { method: "POST", path, reason };
  return /stopped container|not running|setns/.test(reason)
    ? new ContainerNotRunningError({ ...fields, status: 409 })
    : new ProgramNotFoundError({ ...fields, status: 200 });
}

async function feed(stream: HijackedStream, input: ExecOptions["stdin"]): Promise<void> {
  if (input === undefined) return;
  if (typeof input === "string") await stream.write(new TextEncoder().encode(input));
  else if (input instanceof Uint8Array) await stream.write(input);
  else for await (const chunk of input) await stream.write(chunk);
  await stream.closeWrite();
}
