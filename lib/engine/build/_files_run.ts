import { type TarReadEntry, untar } from "../tar/mod.ts";
import { BuildFailedError } from "./build_error.ts";
import type { BuildFilesResult, FilesBuild } from "./build_files.ts";
import { DEFAULT_TAIL_CHARACTERS } from "./build_image.ts";
import type { BuildRunOptions } from "./build_options.ts";
import { PieceQueue } from "./_piece_queue.ts";
import { BuildRecord } from "./_progress.ts";
import { GrpcError, type GrpcMethods } from "./session/grpc.ts";
import { fileSendService } from "./session/services.ts";

/** What a build works with whose files come back. */
export interface FilesWork {
  /** Takes its progress. */
  readonly record: BuildRecord;
  /** Take its files: methods of its session. */
  readonly methods: GrpcMethods;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A build whose files come back, however it is told what to do. */
export class FilesRun implements FilesBuild {
  readonly #work: (work: FilesWork) => Promise<void>;
  readonly #record: BuildRecord;
  readonly #queue: PieceQueue;
  readonly #end = new AbortController();
  readonly #began = Promise.withResolvers<void>();
  readonly #outcome = Promise.withResolvers<BuildFilesResult>();
  readonly #signal: AbortSignal;
  #running: Promise<void> | undefined;
  #called = false;
  #complete = false;

  private constructor(
    options: Pick<BuildRunOptions, "onEvent" | "logTailCharacters" | "signal">,
    work: (work: FilesWork) => Promise<void>,
  ) {
    this.#work = work;
    const tailCharacters = options.logTailCharacters ?? DEFAULT_TAIL_CHARACTERS;
    this.#record = new BuildRecord(options.onEvent, tailCharacters);
    this.#queue = new PieceQueue((reason) => this.#end.abort(reason));
    this.#signal = options.signal === undefined
      ? this.#end.signal
      : AbortSignal.any([options.signal, this.#end.signal]);
    this.#outcome.promise.catch(() => {}); // whoever wants it asks `finished`
  }

  /**
   * Starts a build.
   *
   * @param options Who takes the progress, and what ends it.
   * @param work Carries it out.
   * @returns When files are about to come.
   */
  static async start(
    options: Pick<BuildRunOptions, "onEvent" | "logTailCharacters" | "signal">,
    work: (work: FilesWork) => Promise<void>,
  ): Promise<FilesBuild> {
    const run = new FilesRun(options, work);
    try {
      await run.#start();
      return run;
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** As in {@linkcode FilesBuild}. */
  get tar(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#queue.stream;
  }

  /** As in {@linkcode FilesBuild}. */
  get finished(): Promise<BuildFilesResult> {
    return this.#outcome.promise;
  }

  /** As in {@linkcode FilesBuild}. */
  entries(): AsyncGenerator<TarReadEntry> {
    return untar(this.#queue.stream);
  }

  /** Settles when files are about to come, rejects when the build fails before. */
  async #start(): Promise<void> {
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

  /** As in {@linkcode FilesBuild}. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new DOMException("the build was disposed of", "AbortError"));
    await this.#running;
  }

  async #run(): Promise<BuildFilesResult> {
    await this.#work({ record: this.#record, methods: this.#fileSend(), signal: this.#signal });
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

  #fileSend(): GrpcMethods {
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
