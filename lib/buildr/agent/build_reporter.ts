import type { RunEvent } from "../run/events.ts";
import type { BuildEvent, BuildEventType, SeedReply, StageStatus } from "../queue/events.ts";
import type { AgentTransport, Delivery } from "../queue/transport.ts";
import { LogChunks } from "./log_chunks.ts";

/** Most events that may be on their way; the output of the build waits for them. */
const MAX_PENDING = 64;

/** Tells about one attempt of a build: numbered events, and the first program's back-channel. */
export class BuildReporter {
  readonly #transport: AgentTransport;
  readonly #delivery: Delivery;
  readonly #agent: string;
  readonly #onBroken: (error: unknown) => void;
  readonly #chunks: LogChunks;
  readonly #pending = new Set<Promise<void>>();
  #seq = 0;
  #broken: unknown;
  #needs: ReadonlyMap<string, readonly string[]> = new Map();

  /**
   * @param transport Where events go.
   * @param delivery The build.
   * @param agent Who tells.
   * @param onBroken Called when an event cannot be sent: the build is not ours any more.
   */
  constructor(
    transport: AgentTransport,
    delivery: Delivery,
    agent: string,
    onBroken: (error: unknown) => void,
  ) {
    this.#transport = transport;
    this.#delivery = delivery;
    this.#agent = agent;
    this.#onBroken = onBroken;
    this.#chunks = new LogChunks({
      onChunk: ({ stage, text }) => {
        this.#send("log", { stage, data: text });
        this.reply({ message: text, result: "Pending" });
      },
    });
  }

  /** The build has begun. */
  started(detail: Readonly<Record<string, unknown>>): void {
    this.#send("started", { status: "running", detail });
    this.reply({ message: "Starting new build", result: "Pending" });
  }

  /** What will run, and what waits for what; told with the first event of each stage. */
  planned(
    nodes: readonly { readonly id: string; readonly needs: readonly { id: string }[] }[],
  ): void {
    this.#needs = new Map(nodes.map(({ id, needs }) => [id, needs.map((need) => need.id)]));
  }

  /** Text that no stage has written: what the agent itself does. */
  note(text: string): void {
    this.#send("log", { data: `${text}\n` });
    this.reply({ message: text, result: "Pending" });
  }

  /** A line of the back-channel alone. */
  reply(reply: SeedReply): void {
    this.#track(this.#delivery.reply(reply));
  }

  /** Passes on what happens in a run. @returns When there is room for more. */
  onRunEvent(event: RunEvent): Promise<void> | undefined {
    switch (event.type) {
      case "run_started":
        for (const node of event.nodes) {
          const needs = this.#needs.get(node);
          this.#stage(node, "waiting", needs === undefined ? undefined : { needs });
        }
        break;
      case "stage_started":
        this.#stage(event.node, "running", { attempt: event.attempt, image: event.image });
        break;
      case "script_started":
        this.#chunks.add(event.node, `$ ${event.command}\n`);
        break;
      case "output":
        this.#chunks.add(event.node, event.text);
        break;
      case "note":
        if (event.node === undefined) this.note(event.message);
        else this.#chunks.add(event.node, `${event.message}\n`);
        break;
      case "stage_retry":
        this.#chunks.add(event.node, `${event.message}; trying again\n`);
        break;
      case "stage_finished":
      case "stage_skipped": {
        this.#chunks.flush(event.node);
        const { status, exitCode, reason, wallMs, attempts, failure } = event.result;
        this.#stage(event.node, status, {
          ...(exitCode === undefined ? {} : { exitCode }),
          ...(reason === undefined ? {} : { reason }),
          ...(failure === undefined ? {} : { failure }),
          wallMs,
          attempts,
        });
      }
    }
    return this.#pending.size < MAX_PENDING
      ? undefined
      : Promise.race([...this.#pending]).catch(() => {}); // told by onBroken
  }

  /**
   * The result. Resolved when everything that was said has arrived.
   *
   * @throws {TransportError} when it has not.
   */
  async finished(
    status: "passed" | "failed" | "error" | "canceled" | "timeout",
    reason: string,
    detail: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    this.#chunks.flush();
    this.#send("finished", { status, data: reason, detail });
    await Promise.allSettled([...this.#pending]);
    if (this.#broken !== undefined) throw this.#broken;
    const result = status === "passed" ? "Pass" : status === "failed" ? "Fail" : "Error";
    // Whoever waits for this may be gone; the result has arrived.
    await this.#delivery.reply({ message: "Build Finished", result }).catch(() => {});
  }

  /** Drops what waits: the build is somebody else's. */
  abandon(): void {
    this.#broken ??= new Error("The build was lost");
    this.#chunks.flush();
  }

  #stage(stage: string, status: StageStatus, detail?: Readonly<Record<string, unknown>>): void {
    this.#chunks.flush(stage);
    this.#send("stage", { stage, status, ...(detail === undefined ? {} : { detail }) });
  }

  #send(type: BuildEventType, more: Partial<BuildEvent>): void {
    if (this.#broken !== undefined) return;
    const { job, attempt, lease } = this.#delivery;
    this.#track(this.#transport.publish({
      v: 1,
      build: job.id,
      attempt,
      agent: this.#agent,
      lease,
      seq: this.#seq++,
      ts: Date.now(),
      type,
      ...more,
    }));
  }

  #track(sending: Promise<void>): void {
    const tracked = sending.catch((error) => {
      if (this.#broken !== undefined) return;
      this.#broken = error;
      this.#onBroken(error);
    }).finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }
}
