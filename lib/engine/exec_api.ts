import type { EngineClient } from "./client.ts";
import type { CallOptions } from "./container_api.ts";
import type { HijackedStream } from "./hijack.ts";
import { segment } from "./_segment.ts";

/** Body of `POST /containers/{id}/exec`, named as the API has it. */
export interface ExecCreateBody {
  /** Program and arguments. */
  readonly Cmd: readonly string[];
  /** `NAME=value`. */
  readonly Env?: readonly string[];
  /** Directory. */
  readonly WorkingDir?: string;
  /** `user[:group]`. */
  readonly User?: string;
  /** Whether a terminal is allocated. */
  readonly Tty?: boolean;
  /** Whether its input is connected. */
  readonly AttachStdin?: boolean;
  /** Whether its output is connected. */
  readonly AttachStdout?: boolean;
  /** Whether its error output is connected. */
  readonly AttachStderr?: boolean;
  /** Whether it may do everything. */
  readonly Privileged?: boolean;
}

/** Answer of `GET /exec/{id}/json`, in part. */
export interface ExecInspect {
  /** Whether it runs. */
  readonly Running: boolean;
  /** Exit code; `null` while it runs. */
  readonly ExitCode: number | null;
  /** Process id on the engine's machine. */
  readonly Pid: number;
}

/** Calls about programs run inside containers. */
export class ExecApi {
  readonly #engine: EngineClient;

  /** Part of an {@linkcode EngineClient}. */
  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /** Prepares a program; nothing runs yet. Returns its id. */
  async create(
    container: string,
    body: ExecCreateBody,
    options: CallOptions = {},
  ): Promise<string> {
    const { Id } = await this.#engine.json<{ Id: string }>({
      method: "POST",
      path: `/containers/${segment(container)}/exec`,
      json: body,
      signal: options.signal,
    });
    return Id;
  }

  /** Runs it and connects to it. */
  start(
    id: string,
    options: CallOptions & { readonly tty?: boolean } = {},
  ): Promise<HijackedStream> {
    return this.#engine.hijack({
      method: "POST",
      path: `/exec/${segment(id)}/start`,
      json: { Detach: false, Tty: options.tty === true },
      signal: options.signal,
    });
  }

  /** Runs it without connecting to it. */
  async startDetached(id: string, options: CallOptions = {}): Promise<void> {
    await this.#engine.status({
      method: "POST",
      path: `/exec/${segment(id)}/start`,
      json: { Detach: true },
      signal: options.signal,
    });
  }

  /** Tells its terminal a new size, in characters. */
  async resize(
    id: string,
    size: { readonly columns: number; readonly rows: number },
    options: CallOptions = {},
  ): Promise<void> {
    await this.#engine.status({
      method: "POST",
      path: `/exec/${segment(id)}/resize`,
      query: { w: size.columns, h: size.rows },
      signal: options.signal,
    });
  }

  /** Whether it runs, and its exit code. */
  inspect(id: string, options: CallOptions = {}): Promise<ExecInspect> {
    return this.#engine.json({
      method: "GET",
      path: `/exec/${segment(id)}/json`,
      signal: options.signal,
    });
  }
}
