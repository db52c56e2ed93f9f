import type { EngineClient } from "./client.ts";
import type { HijackedStream } from "./hijack.ts";
import type {
  ContainerCreateBody,
  ContainerInspect,
  ContainerPathInfo,
  ContainerProcesses,
  ContainerStats,
  ContainerSummary,
  ContainerUpdateBody,
  FileChange,
  PruneReport,
} from "./types.ts";
import { prune } from "./_prune.ts";
import { delay } from "../retry/mod.ts";
import { filtersJson, type LabelFilter } from "./_filters.ts";
import { segment } from "./_segment.ts";

/** What a call may take besides its subject. */
export interface CallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** How to attach. */
export interface AttachOptions extends CallOptions {
  /** Whether to write to its input. Default `false`. */
  readonly stdin?: boolean;
  /** Whether what was written before is sent first. Default `false`. */
  readonly logs?: boolean;
}

/** Which part of a log to read. */
export interface LogOptions extends CallOptions {
  /** Whether to go on until the container ends. Default `false`. */
  readonly follow?: boolean;
  /** Not older than this. */
  readonly since?: Date;
  /** Not newer than this. */
  readonly until?: Date;
  /** The last lines only, counted before one of the two outputs is left out. Default: all. */
  readonly tail?: number;
  /** Whether each line begins with its time. Default `false`. */
  readonly timestamps?: boolean;
  /** Default `true`. */
  readonly stdout?: boolean;
  /** Default `true`. */
  readonly stderr?: boolean;
}

/** The exit of a container, as `POST /containers/{id}/wait` tells it. */
export interface WaitResult {
  /** Exit code; 128 + n for a signal. */
  readonly StatusCode: number;
  /** The daemon's words when waiting failed. */
  readonly Error?: { readonly Message: string } | null;
}

/** An inspect of podman's takes about 5 ms. */
const PODMAN_POLL_MS = 50;

/** Calls about containers. */
export class ContainerApi {
  readonly #engine: EngineClient;

  /** Part of an {@linkcode EngineClient}. */
  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /**
   * Creates a container; nothing runs yet.
   *
   * @param name Unique on the engine; `undefined` lets the engine choose.
   * @param body How it is made.
   * @returns Its id, and what the daemon warns about.
   * @throws {ImageNotFoundError} when the image is not there: the API never pulls.
   * @throws {NameInUseError} when the name is taken.
   */
  create(
    name: string | undefined,
    body: ContainerCreateBody,
    options: CallOptions & { readonly platform?: string } = {},
  ): Promise<{ Id: string; Warnings: readonly string[] | null }> {
    return this.#engine.json({
      method: "POST",
      path: "/containers/create",
      query: { name, platform: options.platform },
      json: body,
      subject: name,
      signal: options.signal,
    });
  }

  /**
   * Starts a container.
   *
   * @returns `false` when it ran already.
   * @throws {ProgramNotFoundError} when its program is not there; a container with `AutoRemove` is
   * gone then.
   * @throws {PortInUseError} when a published port is taken.
   */
  async start(id: string, options: CallOptions = {}): Promise<boolean> {
    return await this.#post(id, "start", {}, options, [304]) !== 304;
  }

  /**
   * Asks a container to stop, and kills it when it has not within the time.
   *
   * @param timeoutMs Until the kill; rounded up to seconds. Default: what the container says, else 10 s.
   * @returns `false` when it did not run.
   */
  async stop(
    id: string,
    options: CallOptions & { readonly timeoutMs?: number } = {},
  ): Promise<boolean> {
    const t = options.timeoutMs === undefined ? undefined : Math.ceil(options.timeoutMs / 1000);
    return await this.#post(id, "stop", { t }, options, [304]) !== 304;
  }

  /** Stops and starts a container; `timeoutMs` as with `stop`. */
  async restart(
    id: string,
    options: CallOptions & { readonly timeoutMs?: number } = {},
  ): Promise<void> {
    const t = options.timeoutMs === undefined ? undefined : Math.ceil(options.timeoutMs / 1000);
    await this.#post(id, "restart", { t }, options);
  }

  /**
   * Sends a signal to its first process.
   *
   * @param signal For example `SIGTERM`. Default `SIGKILL`.
   * @throws {EngineApiError} with status 409 when it does not run.
   */
  async kill(
    id: string,
    options: CallOptions & { readonly killSignal?: string } = {},
  ): Promise<void> {
    await this.#post(id, "kill", { signal: options.killSignal }, options);
  }

  /** Freezes all its processes. */
  async pause(id: string, options: CallOptions = {}): Promise<void> {
    await this.#post(id, "pause", {}, options);
  }

  /** Thaws all its processes. */
  async unpause(id: string, options: CallOptions = {}): Promise<void> {
    await this.#post(id, "unpause", {}, options);
  }

  /** Gives it another name. */
  async rename(id: string, name: string, options: CallOptions = {}): Promise<void> {
    await this.#post(id, "rename", { name }, options);
  }

  /**
   * Waits for the end of its next or current run.
   *
   * The request must be sent before `start` for a program that ends at once: `onWaiting` is called
   * when the daemon has it.
   *
   * @param condition Default `not-running`, which answers at once for a container that was never
   * started; `next-exit` waits for the run to come.
   * @returns The exit.
   */
  async wait(
    id: string,
    options: CallOptions & {
      readonly condition?: "not-running" | "next-exit" | "removed";
      readonly onWaiting?: () => void;
    } = {},
  ): Promise<WaitResult> {
    if (options.condition === "next-exit" && this.#engine.flavour === "podman") {
      return await this.#waitByInspect(id, options);
    }
    return await this.#engine.json({
      method: "POST",
      path: `/containers/${segment(id)}/wait`,
      query: { condition: options.condition },
      onAccepted: options.onWaiting,
      signal: options.signal,
    });
  }

  /** Everything about one container. */
  inspect(id: string, options: CallOptions = {}): Promise<ContainerInspect> {
    return this.#engine.json({
      method: "GET",
      path: `/containers/${segment(id)}/json`,
      signal: options.signal,
    });
  }

  /**
   * Lists containers.
   *
   * @param all Whether those that do not run are listed too. Default `true`.
   * @param labels Only those that have all of these.
   * @param filters Further filters of the API.
   */
  list(
    options: CallOptions & {
      readonly all?: boolean;
      readonly labels?: LabelFilter;
      readonly filters?: Readonly<Record<string, readonly string[]>>;
    } = {},
  ): Promise<readonly ContainerSummary[]> {
    return this.#engine.json({
      method: "GET",
      path: "/containers/json",
      query: {
        all: options.all ?? true,
        filters: filtersJson(options.labels, options.filters),
      },
      signal: options.signal,
    });
  }

  /**
   * Removes a container with its anonymous volumes.
   *
   * @param force Whether a running one is killed first. Default `false`.
   * @returns `false` when it was gone already, or is being removed by somebody else.
   */
  async remove(
    id: string,
    options: CallOptions & { readonly force?: boolean } = {},
  ): Promise<boolean> {
    const status = await this.#engine.status({
      method: "DELETE",
      path: `/containers/${segment(id)}`,
      query: { v: true, force: options.force },
      // 409 is "removal … is already in progress"; without force it is also "still running".
      accept: options.force === true ? [404, 409] : [404],
      signal: options.signal,
    });
    return status === 204 || status === 200;
  }

  /**
   * Connects to the input and outputs of a container. Attach before `start` to miss nothing.
   *
   * @returns Frames for a {@linkcode Demultiplexer}, or raw bytes when the container has a terminal.
   */
  attach(id: string, options: AttachOptions = {}): Promise<HijackedStream> {
    return this.#engine.hijack({
      method: "POST",
      path: `/containers/${segment(id)}/attach`,
      query: {
        stream: true,
        stdin: options.stdin === true ? true : undefined,
        stdout: true,
        stderr: true,
        logs: options.logs === true ? true : undefined,
      },
      signal: options.signal,
    });
  }

  /**
   * Reads what a container wrote. One frame a line: for capture, attach is five times as fast.
   *
   * @returns Frames, or raw bytes when the container has a terminal.
   */
  async logs(id: string, options: LogOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#engine.request({
      method: "GET",
      path: `/containers/${segment(id)}/logs`,
      query: {
        follow: options.follow,
        stdout: options.stdout ?? true,
        stderr: options.stderr ?? true,
        since: options.since === undefined ? undefined : options.since.getTime() / 1000,
        until: options.until === undefined ? undefined : options.until.getTime() / 1000,
        tail: options.tail,
        timestamps: options.timestamps,
      },
      signal: options.signal,
    });
    return response.body ?? new ReadableStream({ start: (controller) => controller.close() });
  }

  /** Reads a file or directory of a container as a tar stream. */
  async getArchive(
    id: string,
    path: string,
    options: CallOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#engine.request({
      method: "GET",
      path: `/containers/${segment(id)}/archive`,
      query: { path },
      signal: options.signal,
    });
    return response.body ?? new ReadableStream({ start: (controller) => controller.close() });
  }

  /** Unpacks a tar stream into a directory of a container, which need not run. */
  async putArchive(
    id: string,
    path: string,
    tar: ReadableStream<Uint8Array>,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#engine.status({
      method: "PUT",
      path: `/containers/${segment(id)}/archive`,
      query: { path, noOverwriteDirNonDir: true },
      headers: { "content-type": "application/x-tar" },
      body: tar,
      signal: options.signal,
    });
  }

  /**
   * Tells what is at a path in a container, which need not run.
   *
   * @throws {ContainerPathNotFoundError} when nothing is.
   */
  async pathInfo(id: string, path: string, options: CallOptions = {}): Promise<ContainerPathInfo> {
    const response = await this.#engine.request({
      method: "HEAD",
      path: `/containers/${segment(id)}/archive`,
      query: { path },
      subject: path,
      signal: options.signal,
    });
    await response.body?.cancel();
    const header = response.headers.get("x-docker-container-path-stat") ?? "";
    return JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(header)));
  }

  /** Its processes, as `ps` of the engine's machine lists them; `psArgs` for example `-o pid,args`. */
  top(
    id: string,
    options: CallOptions & { readonly psArgs?: string } = {},
  ): Promise<ContainerProcesses> {
    return this.#engine.json({
      method: "GET",
      path: `/containers/${segment(id)}/top`,
      query: { ps_args: options.psArgs },
      signal: options.signal,
    });
  }

  /** What it uses now. `precpu_stats` is empty: a rate needs two samples. */
  stats(id: string, options: CallOptions = {}): Promise<ContainerStats> {
    return this.#engine.json({
      method: "GET",
      path: `/containers/${segment(id)}/stats`,
      query: { stream: false, "one-shot": true },
      signal: options.signal,
    });
  }

  /** What it uses, once a second, until it ends. Stop iterating to close the stream. */
  statsStream(
    id: string,
    options: CallOptions = {},
  ): Promise<AsyncGenerator<ContainerStats, void, void>> {
    return this.#engine.jsonLines({
      method: "GET",
      path: `/containers/${segment(id)}/stats`,
      query: { stream: true },
      signal: options.signal,
    });
  }

  /** Gives it other limits; it may run. Returns what the daemon warns about. */
  async update(
    id: string,
    body: ContainerUpdateBody,
    options: CallOptions = {},
  ): Promise<readonly string[]> {
    const { Warnings } = await this.#engine.json<{ Warnings?: readonly string[] | null }>({
      method: "POST",
      path: `/containers/${segment(id)}/update`,
      json: body,
      signal: options.signal,
    });
    return Warnings ?? [];
  }

  /** What it changed in its root file system. */
  async changes(id: string, options: CallOptions = {}): Promise<readonly FileChange[]> {
    const changes = await this.#engine.json<readonly FileChange[] | null>({
      method: "GET",
      path: `/containers/${segment(id)}/changes`,
      signal: options.signal,
    });
    return changes ?? [];
  }

  /** Tells its terminal a new size, in characters. */
  async resize(
    id: string,
    size: { readonly columns: number; readonly rows: number },
    options: CallOptions = {},
  ): Promise<void> {
    await this.#engine.status({
      method: "POST",
      path: `/containers/${segment(id)}/resize`,
      query: { w: size.columns, h: size.rows },
      signal: options.signal,
    });
  }

  /** Reads its whole root file system as a tar stream. */
  async export(id: string, options: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#engine.request({
      method: "GET",
      path: `/containers/${segment(id)}/export`,
      signal: options.signal,
    });
    return response.body ?? new Blob().stream();
  }

  /** Removes containers that do not run, those with all of the labels. */
  prune(options: CallOptions & { readonly labels?: LabelFilter } = {}): Promise<PruneReport> {
    return prune(this.#engine, "containers", options);
  }

  // Podman 4.3 looks every 250 ms whether the container runs and then whether it has ended, and
  // waits for ever for one that did both in between. Its event "die" comes late or never, when
  // what cleans up after a container is not installed as it expects. So the end of the run is
  // looked for here.
  async #waitByInspect(
    id: string,
    options: CallOptions & { readonly onWaiting?: () => void },
  ): Promise<WaitResult> {
    const before = await this.inspect(id, options);
    options.onWaiting?.();
    while (true) {
      const { State } = await this.inspect(id, options);
      const ended = State.Status === "exited" || State.Status === "dead" ||
        State.Status as string === "stopped";
      if (ended && State.FinishedAt !== before.State.FinishedAt) {
        return { StatusCode: State.ExitCode };
      }
      await delay(PODMAN_POLL_MS, { signal: options.signal });
    }
  }

  #post(
    id: string,
    action: string,
    query: Readonly<Record<string, string | number | undefined>>,
    options: CallOptions,
    accept?: readonly number[],
  ): Promise<number> {
    return this.#engine.status({
      method: "POST",
      path: `/containers/${segment(id)}/${action}`,
      query,
      accept,
      signal: options.signal,
    });
  }
}
