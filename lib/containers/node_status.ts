/** How far a node of a network has come. */
export type NodePhase =
  | "waiting"
  | "created"
  | "starting"
  | "running"
  | "ended"
  | "failed";

/** How a node ended. */
export interface NodeExit {
  /** Exit code; `undefined` when it was ended by us or was never started. */
  readonly exitCode: number | undefined;
  /** Whether the kernel killed it for memory. */
  readonly oomKilled: boolean;
  /** Whether we ended it. */
  readonly terminated: boolean;
  /** When, in milliseconds since 1970, as the engine saw it. */
  readonly atMs: number;
}

/** One line of a time line. */
export interface TimelineEntry {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** What happened, for example `healthy`. */
  readonly what: string;
}

/** How far a node has come, and a way to wait for more. */
export class NodeStatus {
  #phase: NodePhase = "waiting";
  #health: "none" | "starting" | "healthy" | "unhealthy" = "none";
  #exit: NodeExit | undefined;
  #failure: unknown;
  readonly #timeline: TimelineEntry[] = [];
  #listeners = new Set<() => void>();
  #onNote: ((entry: TimelineEntry) => void) | undefined;

  /** How far it has come. */
  get phase(): NodePhase {
    return this.#phase;
  }

  /** What its health check says; `none` without one. */
  get health(): "none" | "starting" | "healthy" | "unhealthy" {
    return this.#health;
  }

  /** How it ended, once it has. */
  get exit(): NodeExit | undefined {
    return this.#exit;
  }

  /** What kept it from starting or being watched, once something has. */
  get failure(): unknown {
    return this.#failure;
  }

  /** What happened, oldest first. */
  get timeline(): readonly TimelineEntry[] {
    return this.#timeline;
  }

  /** Whether it runs or is about to. */
  get isActive(): boolean {
    return this.#phase === "created" || this.#phase === "starting" || this.#phase === "running";
  }

  /** Whether nothing more will happen to it. */
  get isOver(): boolean {
    return this.#phase === "ended" || this.#phase === "failed";
  }

  /** Notes a step on the way. */
  advance(phase: "created" | "starting" | "running", atMs: number = Date.now()): void {
    this.#phase = phase;
    this.note(phase === "running" ? "started" : phase, atMs);
  }

  /** Notes what the health check says. */
  setHealth(health: "starting" | "healthy" | "unhealthy", atMs: number = Date.now()): void {
    if (this.#health === health) return;
    this.#health = health;
    if (health !== "starting") this.note(health, atMs);
  }

  /** Notes the end. */
  setExit(exit: NodeExit): void {
    this.#exit = exit;
    this.#phase = "ended";
    const how = exit.terminated
      ? "terminated"
      : `exit code ${exit.exitCode}${exit.oomKilled ? ", out of memory" : ""}`;
    this.note(how, exit.atMs);
  }

  /** Notes that it could not be started, or was lost sight of. */
  setFailure(failure: unknown): void {
    this.#failure = failure;
    this.#phase = "failed";
    this.note("failed");
  }

  /** Adds a line to the time line. */
  note(what: string, atMs: number = Date.now()): void {
    const entry = { atMs, what };
    this.#timeline.push(entry);
    this.#onNote?.(entry);
    this.wake();
  }

  /**
   * Has every new line of the time line told; what it says holds already then.
   *
   * @param onNote Takes the line; `undefined` for nobody any more.
   */
  observe(onNote: ((entry: TimelineEntry) => void) | undefined): void {
    this.#onNote = onNote;
  }

  /** Has everybody who waits look again. */
  wake(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /**
   * Waits until a check gives something, looking again at every change.
   *
   * @param check Looks at this status; `undefined` means not yet. May throw to give up.
   * @param signal Ends the wait.
   * @returns What the check gave.
   */
  until<T>(check: () => T | undefined, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = () => {
        try {
          const result = check();
          if (result === undefined) return;
          stop();
          resolve(result);
        } catch (error) {
          stop();
          reject(error);
        }
      };
      const abort = () => {
        stop();
        reject(signal?.reason);
      };
      const stop = () => {
        this.#listeners.delete(look);
        signal?.removeEventListener("abort", abort);
      };
      if (signal?.aborted) return abort();
      this.#listeners.add(look);
      signal?.addEventListener("abort", abort, { once: true });
      look();
    });
  }
}
