import { compareVersions } from "./api_version.ts";
import type { EngineClient } from "./client.ts";
import type { CallOptions } from "./container_api.ts";
import type { PruneReport, StringMap, VolumeInspect } from "./types.ts";
import { filtersJson, type LabelFilter } from "./_filters.ts";
import { segment } from "./_segment.ts";
import { prune } from "./_prune.ts";

/** Calls about volumes. */
export class VolumeApi {
  readonly #engine: EngineClient;

  /** Part of an {@linkcode EngineClient}. */
  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /** Creates a volume, or gives the one of that name. */
  create(
    name: string,
    options: CallOptions & {
      readonly labels?: StringMap;
      readonly driver?: string;
      readonly driverOptions?: StringMap;
    } = {},
  ): Promise<VolumeInspect> {
    return this.#engine.json({
      method: "POST",
      path: "/volumes/create",
      json: {
        Name: name,
        Labels: options.labels,
        Driver: options.driver,
        DriverOpts: options.driverOptions,
      },
      subject: name,
      signal: options.signal,
    });
  }

  /** Everything about one volume. */
  inspect(name: string, options: CallOptions = {}): Promise<VolumeInspect> {
    return this.#engine.json({
      method: "GET",
      path: `/volumes/${segment(name)}`,
      signal: options.signal,
    });
  }

  /** Lists volumes, those with all of the labels. */
  async list(
    options: CallOptions & { readonly labels?: LabelFilter } = {},
  ): Promise<readonly VolumeInspect[]> {
    const { Volumes } = await this.#engine.json<{ Volumes: readonly VolumeInspect[] | null }>({
      method: "GET",
      path: "/volumes",
      query: { filters: filtersJson(options.labels) },
      signal: options.signal,
    });
    return Volumes ?? [];
  }

  /**
   * Removes a volume and what is in it.
   *
   * @returns `false` when it was gone already.
   * @throws {ResourceInUseError} when a container has it mounted.
   */
  async remove(
    name: string,
    options: CallOptions & { readonly force?: boolean } = {},
  ): Promise<boolean> {
    const status = await this.#engine.status({
      method: "DELETE",
      path: `/volumes/${segment(name)}`,
      query: { force: options.force },
      accept: [404],
      signal: options.signal,
    });
    return status !== 404;
  }

  /** Removes volumes that no container uses, those with all of the labels. */
  prune(options: CallOptions & { readonly labels?: LabelFilter } = {}): Promise<PruneReport> {
    // Since API 1.42 only anonymous volumes are meant where this is not said; before it is unknown.
    const named = compareVersions(this.#engine.apiVersion, "1.42") >= 0;
    return prune(this.#engine, "volumes", options, named ? { all: ["true"] } : {});
  }
}
