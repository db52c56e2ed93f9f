import type { EngineClient } from "../client.ts";
import { type TarReadEntry, untar } from "../tar/mod.ts";
import { BuildFailedError, BuildUnsupportedError } from "./build_error.ts";
import { DEFAULT_TAIL_CHARACTERS } from "./build_image.ts";
import type { BuildDefinition, BuildRunOptions } from "./build_options.ts";
import { readSecrets } from "./build_secrets.ts";
import { hasBuildKit } from "./has_buildkit.ts";
import { PieceQueue } from "./_piece_queue.ts";
import { BuildRecord } from "./_progress.ts";
import { runBuildKit } from "./_run_buildkit.ts";
import { GrpcError } from "./session/grpc.ts";
import { fileSendService } from "./session/services.ts";

/** What to build, and how; the files of the target stage are the result. */
export interface BuildFilesOptions extends Omit<BuildDefinition, "labels">, BuildRunOptions {}

/** How a build of files ended. */
export interface BuildFilesResult {
  /** How many RUN, COPY, ADD and WORKDIR instructions were carried out or found in the cache. */
  readonly steps: number;
  /** How many of them came from the cache. */
  readonly cachedSteps: number;
  /** The end of what the steps printed. */
  readonly logTail: string;
}

/** A build whose steps have been carried out and whose files are coming. */
export interface FilesBuild extends AsyncDisposable {
  /**
   * The files as a tar archive, at the pace at which they are read. It ends only when the build is
   * known to have gone well, and fails otherwise. Read it, or {@linkcode FilesBuild.entries}.
   */
  readonly tar: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The same files one by one. */
  entries(): AsyncGenerator<TarReadEntry>;
  /** Settles when all files have come; rejects like `tar`. */
  readonly finished: Promise<BuildFilesResult>;
}

/**
 * Builds with BuildKit and gets the files of the target stage back. No image and no container is
 * made: what stays on the engine is BuildKit's cache.
 *
 * A program that runs in such a step can be killed at any time, and the same step in two processes
 * runs once. Programs that print more than 200 KiB a second lose output on the way: let them write
 * to a file of the result.
 *
 * Permissions: those of the engine, `--allow-read=DIRECTORY` for the context's directory.
 *
 * @param engine The engine that builds.
 * @param options What and how.
 * @returns When the first file is about to come. Dispose it: that ends what still goes on.
 * @throws {BuildFailedError} when a step fails.
 * @throws {BuildUnsupportedError} when the engine has no BuildKit.
 * @throws {BuildContextError} when the context cannot be read.
 * @throws {BuildSecretError} when a secret cannot be had.
 *
 * @example
 * ```ts
 * import { connectEngine } from "@superorch/superorch/engine";
 * import { buildFiles } from "@superorch/superorch/engine/build";
 *
 * await using engine = await connectEngine();
 * await using build = await buildFiles(engine, {
 *   context: {
 *     dockerfileText: "FROM scratch\nCOPY a.txt /out/b.txt\n",
 *     files: [{ path: "a.txt", content: "hello\n" }],
 *   },
 * });
 * for await (const entry of build.entries()) {
 *   if (entry.kind === "file") console.log(entry.path, await new Response(entry.content).text());
 * }
 * ```
 */
export async function buildFiles(
  engine: EngineClient,
  options: BuildFilesOptions,
): Promise<FilesBuild> {
  options.signal?.throwIfAborted();
  const secrets = await readSecrets(options.secrets ?? {}, options.readEnv ?? Deno.env.get);
  if (!await hasBuildKit(engine, { signal: options.signal })) {
    throw new BuildUnsupportedError("files", `the engine at ${engine.host} has no BuildKit`);
  }
  const run = new FilesRun(engine, options, secrets);
  try {
    await run.start();
    return run;
  } catch (error) {
    await run[Symbol.asyncDispose]();
    throw error;
  }
}

class FilesRun implements FilesBuild {
  readonly #engine: EngineClient;
  readonly #options: BuildFilesOptions;
  readonly #secrets: ReadonlyMap<string, Uint8Array>;
  readonly #record: BuildRecord;
  readonly #queue: PieceQueue;
  readonly #end = new AbortController();
  readonly #began = Promise.withResolvers<void>();
  readonly #outcome = Promise.withResolvers<BuildFilesResult>();
  readonly #signal: AbortSignal;
  #running: Promise<void> | undefined;
  #called = false;
  #complete = false;

  constructor(
    engine: EngineClient,
    options: BuildFilesOptions,
    secrets: ReadonlyMap<string, Uint8Array>,
  ) {
    this.#engine = engine;
    this.#options = options;
    this.#secrets = secrets;
    const tailCharacters = options.logTailCharacters ?? DEFAULT_TAIL_CHARACTERS;
    this.#record = new BuildRecord(options.onEvent, tailCharacters);
    this.#queue = new PieceQueue((reason) => this.#end.abort(reason));
    this.#signal = options.signal === undefined
      ? this.#end.signal
      : AbortSignal.any([options.signal, this.#end.signal]);
    this.#outcome.promise.catch(() => {}); // whoever wants it asks `finished`
  }

  get tar(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#queue.stream;
  }

  get finished(): Promise<BuildFilesResult> {
    return this.#outcome.promise;
  }

  entries(): AsyncGenerator<TarReadEntry> {
    return untar(this.#queue.stream);
  }

  /** Settles when files are about to come, rejects when the build fails before. */
  async start(): Promise<void> {
    this.#running = this.#run().then((result) => {
      this.#queue.close();
      this.#outcome.resolve(result);
      this.#began.resolve();
    }, (error) => {
      this.#queue.fail(error);
      this.#outcome.reject(error);
      this.#began.reject(error);
    });
    await this.#began.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new DOMException("the build was disposed of", "AbortError"));
    await this.#running;
  }

  async #run(): Promise<BuildFilesResult> {
    await runBuildKit(this.#engine, {
      options: this.#options,
      secrets: this.#secrets,
      record: this.#record,
      subject: "files",
      query: { outputs: JSON.stringify([{ Type: "tar", Attrs: {} }]) },
      methods: this.#fileSend(),
      signal: this.#signal,
    });
    if (!this.#complete) {
      throw new BuildFailedError({
        subject: "files",
        builder: "buildkit",
        step: undefined,
        exitCode: undefined,
        reason: "the build ended without sending its files",
        logTail: this.#record.logTail,
      });
    }
    const { steps, cached } = this.#record.counts();
    return { steps, cachedSteps: cached, logTail: this.#record.logTail };
  }

  #fileSend(): ReturnType<typeof fileSendService> {
    const methods = fileSendService(
      async (piece, signal) => {
        this.#began.resolve();
        await this.#queue.push(piece, signal);
      },
      () => {
        this.#complete = true;
      },
    );
    // A second stream of pieces would be mixed into the first.
    return Object.fromEntries(
      Object.entries(methods).map(([path, method]) => [path, (call) => {
        if (this.#called) throw new GrpcError("ALREADY_EXISTS", "the files have been sent already");
        this.#called = true;
        return method(call);
      }]),
    );
  }
}
