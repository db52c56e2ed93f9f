import type { PlanNode } from "../plan/model.ts";
import type { NodeResult, NodeStatus } from "./result.ts";

/** How nodes are run. */
export interface ScheduleOptions {
  /** How many at a time. */
  readonly jobs: number;
  /** Runs one; must not fail. `queuedMs` is how long it could have run already. */
  readonly run: (node: PlanNode, queuedMs: number) => Promise<NodeResult>;
  /** Passes one over; `reason` says why. */
  readonly skip: (node: PlanNode, reason: string) => NodeResult;
  /** Waits for the others of its concurrency group; the result lets the next one in. */
  readonly enter?: (node: PlanNode) => Promise<AsyncDisposable>;
  /** Ends one that could not wait for the others of its group. */
  readonly fail: (node: PlanNode, error: unknown) => NodeResult;
  /** Ends it: what has not begun is passed over. */
  readonly signal: AbortSignal;
}

/** What a node that has ended means for those that need it. */
type Verdict = "good" | "bad" | "skipped";

/**
 * Runs the nodes of a plan, each the moment that all it needs has ended, `jobs` at a time, in the
 * order of the plan where several could.
 *
 * A node whose needs did not all end well is passed over, unless its `when.status` asks for that:
 * `failure` runs only then, `always` in any case. So is one of whose needs one was passed over that
 * is not optional.
 *
 * @param nodes The nodes; what is skipped by the plan counts as done.
 * @param options How.
 * @returns How each ended, by id.
 */
export async function schedule(
  nodes: readonly PlanNode[],
  options: ScheduleOptions,
): Promise<ReadonlyMap<string, NodeResult>> {
  return await new Schedule(nodes, options).run();
}

class Schedule {
  readonly #nodes: readonly PlanNode[];
  readonly #options: ScheduleOptions;
  readonly #results = new Map<string, NodeResult>();
  readonly #verdicts = new Map<string, Verdict>();
  /** When each could have begun. */
  readonly #readyAtMs = new Map<string, number>();
  readonly #started = new Set<string>();
  readonly #done = Promise.withResolvers<void>();
  /** Those that wait for a place, in the order in which they became ready. */
  #waiting: PlanNode[] = [];
  #running = 0;
  #left: number;

  constructor(nodes: readonly PlanNode[], options: ScheduleOptions) {
    this.#nodes = nodes;
    this.#options = options;
    this.#left = nodes.length;
  }

  async run(): Promise<ReadonlyMap<string, NodeResult>> {
    for (const node of this.#nodes) {
      if (node.skip === undefined) continue;
      this.#started.add(node.id);
      this.#end(node, this.#options.skip(node, node.skip.message), "good");
    }
    this.#advance();
    const { signal } = this.#options;
    const onAbort = () => this.#advance();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (this.#left > 0) await this.#done.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    return this.#results;
  }

  // Everything that has become ready is either started or passed over; passing one over may make
  // others ready.
  #advance(): void {
    for (let changed = true; changed;) {
      changed = false;
      for (const node of this.#nodes) {
        if (this.#started.has(node.id)) continue;
        const aborted = this.#options.signal.aborted;
        if (!aborted && node.needs.some(({ id }) => !this.#verdicts.has(id))) continue;
        changed = true;
        this.#started.add(node.id);
        this.#readyAtMs.set(node.id, performance.now());
        const why = aborted ? { reason: ENDED, verdict: "bad" as const } : this.#whyNot(node);
        if (why === undefined) void this.#enter(node);
        else this.#end(node, this.#options.skip(node, why.reason), why.verdict);
      }
    }
  }

  #whyNot(node: PlanNode): { readonly reason: string; readonly verdict: Verdict } | undefined {
    const { status } = node.stage.when;
    if (status === "always") return undefined;
    const bad = node.needs.find(({ id }) => this.#verdicts.get(id) === "bad");
    if (status === "failure") {
      if (bad !== undefined) return undefined;
      const reason = "nothing that it needs has failed (when.status: failure)";
      return { reason, verdict: "skipped" };
    }
    if (bad === undefined) {
      const missing = node.needs.find(({ id, optional }) =>
        !optional && this.#verdicts.get(id) === "skipped"
      );
      if (missing === undefined) return undefined;
      return { reason: `it needs "${missing.id}", which was skipped`, verdict: "skipped" };
    }
    const result = this.#results.get(bad.id);
    return { reason: `"${bad.id}" ${ENDS[result?.status ?? "failed"]}`, verdict: "bad" };
  }

  // A place is taken only once the group lets it in: those that wait for others of their group must
  // not keep everybody else from running.
  async #enter(node: PlanNode): Promise<void> {
    if (node.concurrency === undefined || this.#options.enter === undefined) {
      return this.#queue(node, undefined);
    }
    try {
      this.#queue(node, await this.#options.enter(node));
    } catch (error) {
      const { signal, skip, fail } = this.#options;
      this.#settle(node, signal.aborted ? skip(node, ENDED) : fail(node, error));
      this.#advance();
    }
  }

  readonly #groups = new Map<string, AsyncDisposable>();

  #queue(node: PlanNode, group: AsyncDisposable | undefined): void {
    if (group !== undefined) this.#groups.set(node.id, group);
    this.#waiting.push(node);
    this.#fill();
  }

  #fill(): void {
    while (this.#running < this.#options.jobs) {
      const node = this.#waiting.shift();
      if (node === undefined) return;
      this.#running++;
      void this.#run(node);
    }
  }

  async #run(node: PlanNode): Promise<void> {
    const queuedMs = performance.now() - (this.#readyAtMs.get(node.id) ?? performance.now());
    const result = this.#options.signal.aborted
      ? this.#options.skip(node, ENDED)
      : await this.#options.run(node, Math.round(queuedMs));
    await this.#groups.get(node.id)?.[Symbol.asyncDispose]();
    this.#running--;
    this.#settle(node, result);
    this.#advance();
    this.#fill();
  }

  #settle(node: PlanNode, result: NodeResult): void {
    const good = result.status === "passed" || result.status === "allowed" ||
      result.status === "skipped";
    this.#end(node, result, good ? "good" : "bad");
  }

  #end(node: PlanNode, result: NodeResult, verdict: Verdict): void {
    this.#results.set(node.id, result);
    this.#verdicts.set(node.id, verdict);
    if (--this.#left === 0) this.#done.resolve();
  }
}

/** Why what had not begun was passed over. */
const ENDED = "the run was ended";

const ENDS: Readonly<Record<NodeStatus, string>> = {
  passed: "passed",
  allowed: "failed",
  failed: "failed",
  timeout: "timed out",
  error: "failed",
  canceled: "was canceled",
  skipped: "was skipped",
};
