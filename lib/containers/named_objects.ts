import type { EngineClient } from "../engine/mod.ts";
import { StackedError } from "../errors/mod.ts";
import { patiently } from "./patience.ts";
import { createEngineNetwork, createNamedNetwork } from "./engine_network.ts";
import { LABEL } from "./labels.ts";
import { networkCreateBody } from "./network_create_body.ts";
import type { NetworkIdentity } from "./network_identity.ts";
import type { NetworkDefinition, NetworkOptions, VolumeDefinition } from "./network_spec.ts";
import type { ContainerSpec } from "./spec.ts";

/** The further networks, and the volumes, of a network: each is made when it is first needed. */
export class NamedObjects {
  readonly #engine: EngineClient;
  readonly #identity: NetworkIdentity;
  readonly #options: Pick<NetworkOptions, "networks" | "volumes">;
  readonly #networks = new Map<string, string>();
  readonly #volumes = new Set<string>();

  /** Nothing is made yet. */
  constructor(
    engine: EngineClient,
    identity: NetworkIdentity,
    options: Pick<NetworkOptions, "networks" | "volumes">,
  ) {
    this.#engine = engine;
    this.#identity = identity;
    this.#options = options;
  }

  /** Names on the engine of the networks that were made, by key. */
  get networks(): ReadonlyMap<string, string> {
    return this.#networks;
  }

  /** Name on the engine of a volume; one that is not defined has the name that it is called by. */
  volume(key: string): string {
    const { volumes = {} } = this.#options;
    const definition = Object.hasOwn(volumes, key) ? volumes[key] : undefined;
    return definition === undefined ? key : definition.name ?? `${this.#identity.name}_${key}`;
  }

  /**
   * Name on the engine of a further network.
   *
   * @throws {TypeError} when it is not defined.
   */
  network(key: string): string {
    return this.#networkName(key, this.#definition(key));
  }

  /**
   * Labels of a volume: no run, since what is in it outlives the run and no sweep may take it.
   *
   * @param key What it is called by.
   */
  volumeLabels(key: string): Readonly<Record<string, string>> {
    return { [LABEL.project]: this.#identity.name, [LABEL.name]: key };
  }

  /**
   * Makes what containers need and is not there.
   *
   * @param specs The containers.
   * @param signal Ends the attempt.
   * @throws {TypeError} when a network is not defined.
   * @throws {StackedError} when something cannot be made, or is external and not there.
   */
  async make(specs: readonly ContainerSpec[], signal: AbortSignal): Promise<void> {
    const { volumes = {} } = this.#options;
    const wanted = new Set(specs.flatMap((spec) => Object.keys(spec.networks ?? {})));
    for (const key of wanted) {
      if (this.#networks.has(key)) continue;
      const definition = this.#definition(key);
      const name = this.#networkName(key, definition);
      await explained(
        "network",
        name,
        signal,
        () => this.#makeNetwork(key, name, definition, signal),
      );
      this.#networks.set(key, name);
    }
    const mounted = specs.flatMap((spec) => spec.volumes ?? [])
      .flatMap((volume) => "volume" in volume ? [volume.volume] : []);
    for (const key of new Set(mounted)) {
      const definition = Object.hasOwn(volumes, key) ? volumes[key] : undefined;
      if (definition === undefined || this.#volumes.has(key)) continue;
      const name = this.volume(key);
      await explained(
        "volume",
        name,
        signal,
        () => this.#makeVolume(key, name, definition, signal),
      );
      this.#volumes.add(key);
    }
  }

  /** Forgets what was made; it was removed. */
  forget(): void {
    this.#networks.clear();
    this.#volumes.clear();
  }

  #definition(key: string): NetworkDefinition {
    const { networks = {} } = this.#options;
    const definition = Object.hasOwn(networks, key) ? networks[key] : undefined;
    if (definition !== undefined) return definition;
    throw new TypeError(`Cannot make network "${key}": it is not defined`);
  }

  #networkName(key: string, { name }: NetworkDefinition): string {
    if (name !== undefined) return name;
    const { isUnique, name: project, runId } = this.#identity;
    return isUnique ? `${project}_${key}_${runId}` : `${project}_${key}`;
  }

  async #makeNetwork(
    key: string,
    name: string,
    definition: NetworkDefinition,
    signal: AbortSignal,
  ): Promise<void> {
    const found = await this.#engine.networks.list({ filters: { name: [name] }, signal });
    const there = found.find(({ Name }) => Name === name);
    if (definition.external === true) {
      if (there === undefined) throw new Error("it is external, and there is none of that name");
      return;
    }
    const labels = this.#identity.labels(key, await networkHash(definition));
    if (there !== undefined) {
      const isOurs = there.Labels?.[LABEL.run] === this.#identity.runId;
      if (!isOurs) throw new Error("the name is taken by one of somebody else");
      if (there.Labels?.[LABEL.spec] === labels[LABEL.spec]) return;
      throw new Error("it is there and was made from another definition: end what runs first");
    }
    const body = networkCreateBody(name, labels, definition);
    const create = name.endsWith(this.#identity.runId) ? createEngineNetwork : createNamedNetwork;
    await patiently(signal, (patient) => create(this.#engine, body, patient));
  }

  async #makeVolume(
    key: string,
    name: string,
    { external, driver, driverOptions, labels }: VolumeDefinition,
    signal: AbortSignal,
  ): Promise<void> {
    if (external === true) {
      await this.#engine.volumes.inspect(name, { signal });
      return;
    }
    await this.#engine.volumes.create(name, {
      ...(driver === undefined ? {} : { driver }),
      ...(driverOptions === undefined ? {} : { driverOptions }),
      labels: { ...labels, ...this.volumeLabels(key) },
      signal,
    });
  }
}

async function explained(
  kind: "network" | "volume",
  name: string,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (cause) {
    signal.throwIfAborted();
    throw new StackedError(`Cannot use ${kind} "${name}"`, { cause, location: false });
  }
}

/** Hashes what a further network is made from. */
export async function networkHash(definition: NetworkDefinition): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify({ ...definition, name: undefined }));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
