import type { EngineClient } from "./client.ts";
import type { CallOptions } from "./container_api.ts";
import type { EndpointConfig, NetworkCreateBody, NetworkInspect, PruneReport } from "./types.ts";
import { filtersJson, type LabelFilter } from "./_filters.ts";
import { segment } from "./_segment.ts";
import { prune } from "./_prune.ts";

/** Calls about networks. */
export class NetworkApi {
  readonly #engine: EngineClient;

  /** Part of an {@linkcode EngineClient}. */
  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /**
   * Creates a network.
   *
   * @returns Its id.
   * @throws {NameInUseError} when the name is taken.
   * @throws {AddressPoolExhaustedError} when no address range is free.
   */
  async create(body: NetworkCreateBody, options: CallOptions = {}): Promise<string> {
    // Without CheckDuplicate an engine before API 1.44 makes a second network of the same name,
    // and every start in it fails as ambiguous.
    const { Id } = await this.#engine.json<{ Id: string }>({
      method: "POST",
      path: "/networks/create",
      json: { ...body, CheckDuplicate: true },
      subject: body.Name,
      signal: options.signal,
    });
    return Id;
  }

  /** Everything about one network. */
  inspect(id: string, options: CallOptions = {}): Promise<NetworkInspect> {
    return this.#engine.json({
      method: "GET",
      path: `/networks/${segment(id)}`,
      signal: options.signal,
    });
  }

  /** Lists networks, those with all of the labels. */
  list(
    options: CallOptions & {
      readonly labels?: LabelFilter;
      readonly filters?: Readonly<Record<string, readonly string[]>>;
    } = {},
  ): Promise<readonly NetworkInspect[]> {
    return this.#engine.json({
      method: "GET",
      path: "/networks",
      query: { filters: filtersJson(options.labels, options.filters) },
      signal: options.signal,
    });
  }

  /**
   * Removes a network.
   *
   * @returns `false` when it was gone already.
   * @throws {ResourceInUseError} when containers are connected.
   */
  async remove(id: string, options: CallOptions = {}): Promise<boolean> {
    const status = await this.#engine.status({
      method: "DELETE",
      path: `/networks/${segment(id)}`,
      accept: [404],
      signal: options.signal,
    });
    return status !== 404;
  }

  /** Connects a container. */
  async connect(
    id: string,
    container: string,
    endpoint: EndpointConfig = {},
    options: CallOptions = {},
  ): Promise<void> {
    await this.#engine.status({
      method: "POST",
      path: `/networks/${segment(id)}/connect`,
      json: { Container: container, EndpointConfig: endpoint },
      subject: container,
      signal: options.signal,
    });
  }

  /** Disconnects a container; `force` also one that does not run any more. */
  async disconnect(
    id: string,
    container: string,
    options: CallOptions & { readonly force?: boolean } = {},
  ): Promise<void> {
    await this.#engine.status({
      method: "POST",
      path: `/networks/${segment(id)}/disconnect`,
      json: { Container: container, Force: options.force === true },
      subject: container,
      signal: options.signal,
    });
  }

  /** Removes networks that no container is connected to, those with all of the labels. */
  prune(options: CallOptions & { readonly labels?: LabelFilter } = {}): Promise<PruneReport> {
    return prune(this.#engine, "networks", options);
  }
}
