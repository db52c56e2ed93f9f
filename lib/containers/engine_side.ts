import { type EngineClient, NameInUseError } from "../engine/mod.ts";
import { StackedError } from "../errors/mod.ts";
import { patiently } from "./patience.ts";
import { createEngineNetwork, createNamedNetwork } from "./engine_network.ts";
import { LABEL } from "./labels.ts";
import { type Lifeline, watchWaysOut } from "./lifeline.ts";
import { networkCreateBody } from "./network_create_body.ts";
import { NetworkEvents } from "./network_events.ts";
import type { NetworkIdentity } from "./network_identity.ts";
import type { NetworkOptions } from "./network_spec.ts";
import { removeRun } from "./sweep.ts";

/** After this many looks in a row that found nothing, a call that was cut off has made nothing. */
const QUIET_ROUNDS = 3;

/**
 * What a network has on the engine besides its containers: the network itself, the stream of
 * events, and the watch over all ways out of this process.
 */
export class EngineSide {
  readonly #engine: EngineClient;
  readonly #identity: NetworkIdentity;
  #networkId: string | undefined;
  #events: NetworkEvents | undefined;
  #lifeline: Lifeline | undefined;
  #wasCutOff = false;

  /**
   * Nothing is made yet.
   *
   * @param networkId The network, where it was kept from an earlier run.
   */
  constructor(engine: EngineClient, identity: NetworkIdentity, networkId: string | undefined) {
    this.#engine = engine;
    this.#identity = identity;
    this.#networkId = networkId;
  }

  /** Whether the network is made, or was kept. */
  get isMade(): boolean {
    return this.#networkId !== undefined;
  }

  /** The events of the containers; there are some once the network is made. */
  get events(): NetworkEvents {
    if (this.#events === undefined) throw new TypeError("The network is not made yet");
    return this.#events;
  }

  /**
   * Watches every way out of this process, from before something is made on the engine.
   *
   * @param onSignal Cleans up when a signal comes; `undefined` leaves signals alone.
   */
  async guard(onSignal: (() => Promise<void>) | undefined): Promise<void> {
    if (this.#identity.lifetime === "kept") return;
    this.#lifeline ??= await watchWaysOut(this.#engine, this.#identity.runId, onSignal);
  }

  /**
   * Makes the network, unless it is there or nothing is in it, and listens to the events of the run.
   *
   * @param options How it is made; `undefined` when nothing is in it.
   * @param onLost Told when the stream of events breaks.
   * @param signal Ends the attempt.
   */
  async makeNetwork(
    options: NetworkOptions | undefined,
    onLost: (error: unknown) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (options !== undefined) await this.#makeNetwork(options, signal);
    const labels = { [LABEL.run]: this.#identity.runId };
    if (this.#events?.isLost === true) await this.letGo();
    this.#events ??= await NetworkEvents.open(this.#engine, labels, onLost, signal);
  }

  async #makeNetwork(options: NetworkOptions, signal: AbortSignal): Promise<void> {
    const { engineName } = this.#identity;
    try {
      const create = this.#identity.isUnique ? createEngineNetwork : createNamedNetwork;
      const body = networkCreateBody(engineName, this.#identity.labels(), options);
      this.#networkId ??= await patiently(
        signal,
        (patient) => create(this.#engine, body, patient),
      );
    } catch (cause) {
      signal.throwIfAborted();
      const fix = cause instanceof NameInUseError && !this.#identity.isUnique
        ? ": remove the other one, or let names carry the id of the run (without unique: false)"
        : "";
      const message = `Cannot create network "${engineName}"${fix}`;
      throw new StackedError(message, { cause, location: false });
    }
  }

  /** Says that a call may have been cut off in the middle: it may still make something. */
  noteCutOff(): void {
    this.#wasCutOff = true;
  }

  /**
   * Removes everything of the run, by its label: what a failed or interrupted call made without
   * telling us, too.
   */
  async removeAll(): Promise<void> {
    await this.letGo();
    this.#networkId = undefined;
    const { runId } = this.#identity;
    await removeRun(this.#engine, runId, this.#wasCutOff ? QUIET_ROUNDS : 1);
    this.#wasCutOff = false;
  }

  /** Stops listening to events; everything on the engine stays. */
  async letGo(): Promise<void> {
    await this.#events?.[Symbol.asyncDispose]();
    this.#events = undefined;
  }

  /** Ends the watch: nothing is left. */
  async release(): Promise<void> {
    await this.#lifeline?.release();
    this.#lifeline = undefined;
  }

  /** Ends the watch although something may be left; the reaper goes on trying. */
  async abandon(): Promise<void> {
    await this.#lifeline?.abandon();
    this.#lifeline = undefined;
  }
}
