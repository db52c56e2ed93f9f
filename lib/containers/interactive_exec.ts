import { Demultiplexer, type EngineClient } from "../engine/mod.ts";

/** The terminal that a program in a container is connected to. */
export interface TerminalStreams {
  /** Takes what the person types. Default `Deno.stdin`. */
  readonly stdin?: {
    readonly readable: ReadableStream<Uint8Array>;
    isTerminal(): boolean;
    setRaw(mode: boolean): void;
  };
  /** Takes the output. Default `Deno.stdout`. */
  readonly stdout?: { write(bytes: Uint8Array): Promise<number>; isTerminal(): boolean };
  /** Takes the error output where there is no terminal. Default `Deno.stderr`. */
  readonly stderr?: { write(bytes: Uint8Array): Promise<number> };
  /** Size of the terminal, in characters. Default `Deno.consoleSize`. */
  readonly size?: () => { readonly columns: number; readonly rows: number };
}

/** How a program is run interactively. */
export interface InteractiveExecOptions extends TerminalStreams {
  /** `user[:group]`. Default: that of the container. */
  readonly user?: string;
  /** Its directory. Default: that of the container. */
  readonly workdir?: string;
  /** Further environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it gets a terminal. Default: whether both ends here are one. */
  readonly tty?: boolean;
  /** Ends the connection; the program goes on. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a program in a container with this program's own terminal, as `docker exec -it` does.
 *
 * The terminal is raw meanwhile: Ctrl-C goes to the program, not to us. Its size is followed.
 *
 * @param engine The engine.
 * @param id The container; it must run.
 * @param command Program and arguments.
 * @param options Streams, user, directory.
 * @returns The program's exit code.
 */
export async function execInteractively(
  engine: EngineClient,
  id: string,
  command: readonly string[],
  options: InteractiveExecOptions = {},
): Promise<number> {
  const { stdin = Deno.stdin, stdout = Deno.stdout, stderr = Deno.stderr, signal } = options;
  const tty = options.tty ?? (stdin.isTerminal() && stdout.isTerminal());
  const execId = await engine.execs.create(id, {
    Cmd: command,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: tty,
    User: options.user,
    WorkingDir: options.workdir,
    Env: options.env === undefined
      ? undefined
      : Object.entries(options.env).map(([name, value]) => `${name}=${value}`),
  }, { signal });
  using stream = await engine.execs.start(execId, { tty, signal });
  using _terminal = tty && stdin.isTerminal() ? rawTerminal(stdin) : undefined;
  using _size = tty ? followSize(engine, execId, options.size ?? Deno.consoleSize) : undefined;
  const stop = () => stream[Symbol.dispose]();
  signal?.addEventListener("abort", stop, { once: true });
  const ended = Promise.withResolvers<undefined>();
  try {
    const typing = feed(inputOf(stdin), stream, ended.promise)
      .catch(() => {}); // the program has ended: nobody reads
    let waits: Promise<unknown>[] = [];
    const demultiplexer = new Demultiplexer((from, piece) => {
      waits.push(writeAll(from === "stdout" ? stdout : stderr, piece));
    });
    for (let bytes = await stream.read(); bytes !== null; bytes = await stream.read()) {
      if (tty) await writeAll(stdout, bytes);
      else demultiplexer.write(bytes);
      await Promise.all(waits);
      waits = [];
    }
    ended.resolve(undefined);
    await typing;
  } finally {
    ended.resolve(undefined);
    signal?.removeEventListener("abort", stop);
  }
  const { ExitCode } = await engine.execs.inspect(execId);
  return ExitCode ?? 0;
}

async function feed(
  input: Input,
  stream: { write(bytes: Uint8Array): Promise<void>; closeWrite(): Promise<void> },
  ended: Promise<undefined>,
): Promise<void> {
  for (;;) {
    const next = await Promise.race([input.peek(), ended]);
    if (next === undefined) return;
    input.take();
    if (next.done) return await stream.closeWrite();
    await stream.write(next.value);
  }
}

interface Input {
  peek(): Promise<ReadableStreamReadResult<Uint8Array>>;
  take(): void;
}

const inputs = new WeakMap<object, Input>();

// A read of standard input cannot be taken back, and cancelling its stream closes it for good. So
// what is read when a program ends is kept for the next one.
function inputOf(stdin: { readonly readable: ReadableStream<Uint8Array> }): Input {
  let input = inputs.get(stdin);
  if (input === undefined) {
    const reader = stdin.readable.getReader();
    let pending: Promise<ReadableStreamReadResult<Uint8Array>> | undefined;
    input = { peek: () => pending ??= reader.read(), take: () => pending = undefined };
    inputs.set(stdin, input);
  }
  return input;
}

function rawTerminal(stdin: { setRaw(mode: boolean): void }): Disposable {
  stdin.setRaw(true);
  return { [Symbol.dispose]: () => stdin.setRaw(false) };
}

function followSize(
  engine: EngineClient,
  execId: string,
  size: () => { readonly columns: number; readonly rows: number },
): Disposable {
  const tell = () => {
    // A program that has ended, or has not quite begun, has no size; the next change tells it.
    try {
      engine.execs.resize(execId, size()).catch(() => {});
    } catch {
      // our own end is no terminal: there is no size to tell
    }
  };
  tell();
  if (Deno.build.os === "windows") return { [Symbol.dispose]: () => {} };
  Deno.addSignalListener("SIGWINCH", tell);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGWINCH", tell) };
}

async function writeAll(
  writer: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  // The caller's buffer is used again after the next read.
  for (let rest = bytes.slice(); rest.length > 0;) rest = rest.subarray(await writer.write(rest));
}
