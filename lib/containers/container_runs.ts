import type { EngineEvent } from "../engine/mod.ts";

/** Signals that stop a container, as events have them. */
const STOP_SIGNALS = ["9", "15"];

/**
 * The runs of one container as the events of the engine tell them: a restart policy, or somebody
 * at a terminal, may start it again.
 */
export class ContainerRuns {
  readonly #starts: number[] = [];
  readonly #exits: number[] = [];
  #wasStopped = false;

  /** How often it was started. */
  get count(): number {
    return this.#starts.length;
  }

  /** Whether the last run was ended by a signal that stops: `docker restart` begins like that. */
  get wasStopped(): boolean {
    return this.#wasStopped;
  }

  /** Counts a run that began before events were listened to. */
  assume(startedAtMs: number): void {
    this.#starts.push(startedAtMs);
  }

  /** Takes an event; others than starts and ends are ignored. */
  take(event: EngineEvent): void {
    const { Action, Actor, timeNano } = event;
    if (Action === "start") {
      this.#starts.push(timeNano / 1e6);
      this.#wasStopped = false;
    } else if (Action === "die") {
      this.#exits.push(Number(Actor.Attributes["exitCode"]));
    } else if (Action === "kill") {
      this.#wasStopped ||= STOP_SIGNALS.includes(Actor.Attributes["signal"] ?? "");
    }
  }

  /** When a run began, in milliseconds since 1970; `undefined` when it has not. */
  startedAtMs(run: number): number | undefined {
    return this.#starts[run];
  }

  /** With which code a run ended; `undefined` when it has not. */
  exitCode(run: number): number | undefined {
    return this.#exits[run];
  }
}
