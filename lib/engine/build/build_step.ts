import { EngineApiError, EngineConnectionError } from "../errors.ts";
import type { EngineClient } from "../client.ts";
import { formatReference, parseReference } from "../../registry/reference.ts";
import { BuildFailedError, BuildUnsupportedError } from "./build_error.ts";
import type { FilesBuild } from "./build_files.ts";
import type { BuildRunOptions } from "./build_options.ts";
import { FilesRun, type FilesWork } from "./_files_run.ts";
import { BuildSession } from "./session/build_session.ts";
import { GrpcError } from "./session/grpc.ts";
import { Http2Client } from "./session/_http2_client.ts";
import { Http2Error } from "./session/http2_error.ts";
import { healthService, secretsService } from "./session/services.ts";
import { solve } from "./_solve.ts";
import { encodeStep } from "./_step_definition.ts";
import { TraceProgress } from "./_trace_progress.ts";

/** One program, and what it sees. */
export interface BuildStepOptions
  extends Pick<BuildRunOptions, "noCache" | "onEvent" | "logTailCharacters" | "signal"> {
  /** The image that it runs in; it must be on the engine. */
  readonly image: string;
  /**
   * The program and its words. The result is kept under them, and not under {@linkcode inputs}: what
   * those are must be among them, for example as a digest.
   */
  readonly args: readonly string[];
  /** Files that it can read, by absolute path. They are never on a disk of the engine. */
  readonly inputs?: Readonly<Record<string, Uint8Array>>;
  /** Absolute paths of directories that are empty at first, can be written, and are dropped. */
  readonly scratch?: readonly string[];
  /** Absolute path of the directory that is the result; empty at first. */
  readonly output: string;
  /** What the step is called in events and errors, after `[step] RUN`. */
  readonly name: string;
  /** `none`, `host`, or what the engine has for steps. Default that one. */
  readonly networkMode?: string;
  /** Value of the variable `ftp_proxy`, which counts as little as {@linkcode inputs}. */
  readonly hiddenVariable?: string;
}

/** An input is one message, of which the daemon takes 4 MiB. */
const MAX_INPUT_BYTES = 3 * 1024 * 1024;

/**
 * Runs one program in an image with BuildKit, and gets the files of one directory back, without a
 * Dockerfile: over the engine's door to BuildKit's own API (`POST /grpc`), as buildx uses it.
 *
 * It is what {@linkcode buildFiles} does, in a third of the time: a Dockerfile and a context are
 * steps of their own, each with a copy on the engine's disk, and before them the engine starts
 * dozens of programs to find out what other processors it could build for. The image's variables
 * count, and the user is root.
 *
 * Permissions: those of the engine.
 *
 * @param engine The engine.
 * @param options Program, image and files.
 * @returns When the first file is about to come. Dispose it: that ends what still goes on.
 * @throws {ImageNotFoundError} when the image is not there.
 * @throws {BuildFailedError} when the program fails.
 * @throws {BuildUnsupportedError} when the engine has no such door.
 * @throws {RangeError} when an input has more than 3 MiB.
 *
 * @example
 * ```ts no-eval
 * import { connectEngine } from "@superorch/superorch/engine";
 * import { buildStep } from "@superorch/superorch/engine/build";
 *
 * await using engine = await connectEngine();
 * await using build = await buildStep(engine, {
 *   image: "debian:trixie-slim",
 *   args: ["sh", "-c", "sort /in/words >/out/sorted # words 1"],
 *   inputs: { "/in/words": new TextEncoder().encode("b\na\n") },
 *   output: "/out",
 *   name: "sort",
 *   networkMode: "none",
 * });
 * for await (const entry of build.entries()) console.log(entry.path);
 * ```
 */
export async function buildStep(
  engine: EngineClient,
  options: BuildStepOptions,
): Promise<FilesBuild> {
  options.signal?.throwIfAborted();
  for (const [path, { length }] of Object.entries(options.inputs ?? {})) {
    if (length > MAX_INPUT_BYTES) {
      throw new RangeError(
        `Cannot give a step the input ${JSON.stringify(path)}: it must have ${MAX_INPUT_BYTES} ` +
          `bytes or fewer and has ${length}`,
      );
    }
  }
  return await FilesRun.start(options, (work) => runStep(engine, options, work));
}

async function runStep(
  engine: EngineClient,
  options: BuildStepOptions,
  { record, methods, signal }: FilesWork,
): Promise<void> {
  const { name, networkMode } = options;
  const image = canonical(options.image);
  const inputs = new Map<string, { readonly path: string; readonly bytes: Uint8Array }>(
    Object.entries(options.inputs ?? {}).map((
      [path, bytes],
      index,
    ) => [`superorch-${index}`, { path, bytes }]),
  );
  await using opened = await open(
    engine,
    {
      ...healthService(),
      ...secretsService((id) => Promise.resolve(inputs.get(id)?.bytes)),
      ...methods,
    },
    options.image,
    signal,
  );
  const definition = await encodeStep({
    image,
    args: options.args,
    env: withPath(opened.env),
    name: `[step] RUN ${name}`,
    scratch: options.scratch ?? [],
    secrets: Object.fromEntries([...inputs].map(([id, { path }]) => [path, id])),
    output: options.output,
    networkMode,
    hiddenVariable: options.hiddenVariable,
    ignoreCache: options.noCache ?? false,
  });
  const progress = new TraceProgress(record);
  try {
    await solve(opened.client, {
      definition,
      session: opened.session.id,
      entitlements: networkMode === "host" ? ["network.host"] : [],
      onStatus: (message) => progress.status(message),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (record.sinkFailure !== undefined) throw record.sinkFailure.error;
    if (error instanceof GrpcError) {
      const exit = /(?:exit code|non-zero code): (\d+)\s*$/.exec(error.message)?.[1];
      const step = record.failedStep({ running: exit !== undefined });
      throw new BuildFailedError({
        subject: "files",
        builder: "buildkit",
        step: step?.text,
        exitCode: exit === undefined ? undefined : Number(exit),
        reason: error.message,
        logTail: step?.tail === undefined ? record.logTail : String(step.tail),
      }, { cause: error });
    }
    if (error instanceof Http2Error) throw connectionFailure(engine, error);
    throw error;
  }
}

interface Opened extends AsyncDisposable {
  readonly session: BuildSession;
  readonly client: Http2Client;
  /** Variables of the image. */
  readonly env: readonly string[];
}

/** All that a step needs of the engine, asked for at once. */
async function open(
  engine: EngineClient,
  methods: FilesWork["methods"],
  image: string,
  signal: AbortSignal,
): Promise<Opened> {
  const [session, wire, inspected] = await Promise.allSettled([
    BuildSession.open(engine, { methods, signal }),
    engine.hijack({ method: "POST", path: "/grpc", signal }, "h2c"),
    engine.images.inspect(image, { signal }),
  ]);
  const client = wire.status === "fulfilled" ? new Http2Client(wire.value) : undefined;
  const close = () => void client?.[Symbol.asyncDispose]();
  signal.addEventListener("abort", close, { once: true });
  const dispose = async () => {
    signal.removeEventListener("abort", close);
    // In this order: what BuildKit still does for us ends with the first.
    await client?.[Symbol.asyncDispose]();
    if (session.status === "fulfilled") await session.value[Symbol.asyncDispose]();
  };
  if (
    client === undefined || session.status === "rejected" || inspected.status === "rejected" ||
    signal.aborted
  ) {
    await dispose();
    signal.throwIfAborted();
    for (const part of [session, wire]) {
      if (part.status === "fulfilled") continue;
      if (!(part.reason instanceof EngineApiError)) throw part.reason;
      const reason = `the engine at ${engine.host} has no door to BuildKit's own API`;
      throw new BuildUnsupportedError("a step", reason);
    }
    throw (inspected as PromiseRejectedResult).reason;
  }
  return {
    session: session.value,
    client,
    env: inspected.value.Config?.Env ?? [],
    [Symbol.asyncDispose]: dispose,
  };
}

/** What a program of an image that says nothing is searched in. */
const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function withPath(env: readonly string[]): readonly string[] {
  return env.some((variable) => variable.startsWith("PATH=")) ? env : [DEFAULT_PATH, ...env];
}

/** The name in full, as BuildKit itself wants it. */
function canonical(image: string): string {
  try {
    const reference = parseReference(image);
    const { tag, digest } = reference;
    return formatReference({ ...reference, tag: tag ?? (digest === undefined ? "latest" : tag) });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new BuildUnsupportedError("a step", error.message);
  }
}

function connectionFailure(engine: EngineClient, error: Http2Error): EngineConnectionError {
  return new EngineConnectionError(engine.host, "POST /grpc", error.message, { cause: error });
}
