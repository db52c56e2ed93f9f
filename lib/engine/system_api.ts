import type { EngineClient } from "./client.ts";
import type { CallOptions } from "./container_api.ts";
import { EngineConnectionError } from "./errors.ts";
import type { DiskUsage, EngineEvent, EngineInfo, EngineVersion } from "./types.ts";
import { filtersJson, type LabelFilter } from "./_filters.ts";

/** Calls about the engine itself. */
export class SystemApi {
  readonly #engine: EngineClient;

  /** Part of an {@linkcode EngineClient}. */
  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /** Versions of the engine and its parts. */
  version(options: CallOptions = {}): Promise<EngineVersion> {
    return this.#engine.json({ method: "GET", path: "/version", signal: options.signal });
  }

  /** How the engine is set up. */
  info(options: CallOptions = {}): Promise<EngineInfo> {
    return this.#engine.json({ method: "GET", path: "/info", signal: options.signal });
  }

  /** What takes how much of the engine's disk. Slow on an engine with much on it. */
  df(options: CallOptions = {}): Promise<DiskUsage> {
    return this.#engine.json({ method: "GET", path: "/system/df", signal: options.signal });
  }

  /**
   * Opens the stream of events. When this settles the engine is sending, so nothing that happens
   * afterwards is missed.
   *
   * @param labels Only about what has all of these labels.
   * @param types Only about these kinds, for example `container`.
   * @param actions Only these, for example `die`; `health_status` for all of that kind.
   * @param since Events from this time on, sent first.
   * @returns The events; stop iterating, or call `return()`, to close the stream. Iterating throws
   * {@linkcode EngineConnectionError} when the engine ends it, except after `until`.
   */
  async events(
    options: CallOptions & {
      readonly labels?: LabelFilter;
      readonly types?: readonly string[];
      readonly actions?: readonly string[];
      readonly since?: Date;
      readonly until?: Date;
    } = {},
  ): Promise<AsyncGenerator<EngineEvent>> {
    const events = await this.#engine.jsonLines<EngineEvent>({
      method: "GET",
      path: "/events",
      query: {
        since: options.since === undefined ? undefined : options.since.getTime() / 1000,
        until: options.until === undefined ? undefined : options.until.getTime() / 1000,
        filters: filtersJson(
          options.labels,
          {
            ...(options.types === undefined ? {} : { type: options.types }),
            ...(options.actions === undefined ? {} : { event: options.actions }),
          },
        ),
      },
      signal: options.signal,
    });
    if (options.until !== undefined) return events;
    const { next, return: end } = events;
    const { host } = this.#engine;
    let returned = false;
    return Object.assign(events, {
      next: async () => {
        const result = await next();
        if (!result.done || returned) return result;
        throw new EngineConnectionError(host, "GET /events", "the engine ended the stream");
      },
      return: () => {
        returned = true;
        return end();
      },
      [Symbol.asyncDispose]: async () => {
        returned = true;
        await end();
      },
    });
  }
}
