import type { AgentHeartbeat } from "../queue/events.ts";
import type { CoordinatorTransport } from "../queue/transport.ts";
import type { Ledger } from "./ledger.ts";

/** How builds are handed on. */
export interface DispatcherOptions {
  /** Where they wait. */
  readonly ledger: Ledger;
  /** Where they go. */
  readonly transport: CoordinatorTransport;
  /** How many may wait at the transport beyond the free slots. */
  readonly lookahead: number;
  /** How long an agent may be silent before its slots do not count. */
  readonly agentTimeoutMs: number;
  /** Told when the transport is away, or the ledger cannot write. */
  readonly onProblem: (error: unknown) => void;
}

/** Hands builds on, in their order, as long as there is room at the agents. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #agents = new Map<string, AgentHeartbeat & { readonly heardAt: number }>();
  #working: Promise<void> | undefined;
  #isWanted = false;
  #isClosed = false;

  /** @param options How. */
  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Notes what an agent says of itself; it may have room for more. */
  hear(beat: AgentHeartbeat): void {
    const known = this.#agents.get(beat.agent);
    this.#agents.set(beat.agent, { ...beat, heardAt: Date.now() });
    if (known === undefined || known.builds.length > beat.builds.length) this.look();
  }

  /** Hands builds on until there is no room; asked again while it does so, it looks again. */
  look(): void {
    this.#isWanted = true;
    this.#working ??= this.#work().finally(() => this.#working = undefined);
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    const { ledger, transport, onProblem } = this.#options;
    try {
      while (this.#isWanted && !this.#isClosed) {
        this.#isWanted = false;
        const room = this.#room();
        if (room <= 0) continue;
        for (const build of ledger.ready(room)) {
          await transport.submit(build.job, { ...build.reply, attemptsSeen: build.attempt });
          // After a crash right here it is handed on twice, and one of them counts.
          ledger.markDispatched(build.job.id);
        }
      }
    } catch (error) {
      // The transport is away, or the disk is full; it is asked again soon.
      onProblem(error);
    }
  }

  #room(): number {
    const { ledger, lookahead, agentTimeoutMs } = this.#options;
    let free = 0;
    const limit = Date.now() - agentTimeoutMs;
    for (const agent of this.#agents.values()) {
      if (agent.heardAt < limit || agent.draining) continue;
      free += Math.max(0, agent.slots - agent.builds.length);
    }
    return free + lookahead - ledger.dispatched();
  }
}
