import { connectEngine, type EngineClient, EngineUnreachableError } from "../../engine/mod.ts";
import { errorMessage, findCause, TimeoutError } from "../../errors/mod.ts";
import { delay } from "../../retry/mod.ts";
import { BuildrInputError } from "../input_error.ts";
import { loadManifest } from "../manifest/load.ts";
import type { Manifest } from "../manifest/model.ts";
import type { RunPlan } from "../plan/model.ts";
import { matchesGlob } from "../plan/glob.ts";
import { gatherFacts } from "../plan/facts.ts";
import { planRun } from "../plan/plan_run.ts";
import { DEFAULT_MAX_ATTEMPTS } from "../queue/job.ts";
import { type RepositoryPolicy, repositoryProblem } from "../queue/repository.ts";
import type { AgentTransport, Delivery } from "../queue/transport.ts";
import type { RunResult } from "../run/result.ts";
import { runPlan } from "../run/run_plan.ts";
import { BuildReporter } from "./build_reporter.ts";
import { checkOut, CheckoutError, redact } from "./checkout.ts";
import { removeLostContainers } from "./lost_containers.ts";
import { tidyWorkdir } from "./tidy_workdir.ts";

/** What an agent is. */
export interface AgentOptions {
  /** The way that builds come; it is not closed. */
  readonly transport: AgentTransport;
  /** Its name, unique among all. Default the host's name and the process id. */
  readonly name?: string;
  /** How many builds it runs at a time. Default 1. */
  readonly slots?: number;
  /** What it carries: builds that ask for tags go only to agents that have them all. */
  readonly tags?: readonly string[];
  /**
   * Directory of checkouts, copies of repositories, and artifacts, which stay for seven days; made
   * when it is not there.
   */
  readonly workdir: string;
  /** Which repositories it clones. Default every one that is no path. */
  readonly repositories?: RepositoryPolicy;
  /**
   * Names and globs of the agent's own variables that manifests may use (`inherit`, `${env.X}`,
   * secrets from the environment). Default none.
   */
  readonly allowedEnv?: readonly string[];
  /** The agent's own variables. Default `Deno.env.toObject()`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether stages may have the engine's socket, which is to say the machine. Default `true`. */
  readonly dockerSocket?: boolean;
  /** How many stages of a build run at a time. Default: that of `runPlan`. */
  readonly jobs?: number;
  /** The engine. Default: found as `docker` finds it, anew for each build. */
  readonly engine?: EngineClient;
  /** How often it says that it is there. Default 5 s. */
  readonly heartbeatMs?: number;
  /** How long the other side may be away before the agent gives up. Default 2 minutes. */
  readonly deafMs?: number;
  /** Told what it does, for people. Default nobody. */
  readonly onNote?: (text: string) => void;
  /** Takes no more builds, and ends when those that run have ended. */
  readonly drain?: AbortSignal;
  /** Ends now: builds that run are ended, and somebody else starts them again. */
  readonly signal?: AbortSignal;
}

/** Why an agent ended itself although nobody told it to. */
export class AgentDeafError extends Error {
  /** The name of the class. */
  override readonly name = "AgentDeafError";
}

/** How long the other side may be away before an agent gives up. */
const DEFAULT_DEAF_MS = 120_000;
/** How long cancelled builds are remembered that have not come yet. */
const REMEMBER_CANCELED = 1_000;

/**
 * Takes builds and runs them, until it is told to stop.
 *
 * A build is given back only after its result has arrived. One that is lost on the way, because the
 * connection broke or the lease was not renewed, is ended at once and not spoken of again: somebody
 * else has it.
 *
 * Permissions: those of the transport, of `checkOut` and of `runPlan`.
 *
 * @throws {AgentDeafError} when the other side has been away for `deafMs`.
 * @throws {TransportError} when there is no hope for the transport.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  await new Agent(options).run();
}

class Agent {
  readonly #options: AgentOptions;
  readonly #transport: AgentTransport;
  readonly #name: string;
  readonly #running = new Map<
    string,
    { readonly lease: string; readonly cancel: AbortController }
  >();
  readonly #canceled = new Map<string, string>();
  readonly #stop = new AbortController();
  #isDraining = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#transport = options.transport;
    this.#name = options.name ?? `${Deno.hostname()}-${Deno.pid}`;
  }

  async run(): Promise<void> {
    const { drain, signal, slots = 1, tags = [] } = this.#options;
    const stopTaking = () => {
      this.#isDraining = true;
      this.#stop.abort();
    };
    drain?.addEventListener("abort", stopTaking);
    signal?.addEventListener("abort", stopTaking);
    if (drain?.aborted || signal?.aborted) stopTaking();
    this.#transport.onControl((message) => {
      if (message.type === "cancel") this.#cancel(message.build, message.lease, message.reason);
      if (message.type === "drain" && (message.agent ?? this.#name) === this.#name) stopTaking();
      if (message.type === "ping") this.#beat().catch(() => {}); // the next one comes by itself
    });
    const builds = new Set<Promise<void>>();
    const ended = new AbortController();
    const deaf = this.#keepBeating(ended.signal);
    try {
      const take = async () => {
        const deliveries = this.#transport.deliveries({
          agent: this.#name,
          slots,
          tags,
          signal: this.#stop.signal,
        });
        for await (const delivery of deliveries) {
          const build = this.#serve(delivery).finally(() => builds.delete(build));
          builds.add(build);
        }
      };
      await Promise.race([take(), deaf]);
      await Promise.race([Promise.all([...builds]), deaf]);
    } finally {
      this.#stop.abort();
      for (const { cancel } of this.#running.values()) cancel.abort(new StoppedError());
      await Promise.allSettled([...builds]);
      ended.abort();
      await deaf.catch(() => {}); // thrown above
      drain?.removeEventListener("abort", stopTaking);
      signal?.removeEventListener("abort", stopTaking);
    }
  }

  #note(text: string): void {
    this.#options.onNote?.(text);
  }

  #cancel(build: string, lease: string | undefined, reason = "cancelled"): void {
    const running = this.#running.get(build);
    if (running !== undefined && (lease ?? running.lease) === running.lease) {
      running.cancel.abort(new CanceledError(reason));
    }
    if (lease !== undefined) return;
    // It may be on its way to us.
    this.#canceled.set(build, reason);
    for (const old of this.#canceled.keys()) {
      if (this.#canceled.size <= REMEMBER_CANCELED) break;
      this.#canceled.delete(old);
    }
  }

  async #beat(): Promise<void> {
    const { slots = 1, tags = [] } = this.#options;
    await this.#transport.heartbeat({
      v: 1,
      agent: this.#name,
      ts: Date.now(),
      slots,
      tags,
      builds: [...this.#running.keys()],
      draining: this.#isDraining,
      load: Deno.build.os === "windows" ? 0 : Deno.loadavg()[0] ?? 0,
    });
  }

  /** An agent that nobody hears would look alive and do nothing. */
  async #keepBeating(signal: AbortSignal): Promise<void> {
    const { heartbeatMs: intervalMs = 5_000, deafMs = DEFAULT_DEAF_MS } = this.#options;
    let heardAt = performance.now();
    while (!signal.aborted) {
      try {
        await this.#beat();
        if (this.#transport.isHealthy()) heardAt = performance.now();
      } catch {
        // the transport mends itself, or not
      }
      const silentMs = performance.now() - heardAt;
      if (silentMs > deafMs) {
        const seconds = Math.round(silentMs / 1_000);
        throw new AgentDeafError(`${this.#transport.name} has been away for ${seconds} s`);
      }
      await delay(intervalMs, { signal }).catch(() => {}); // it ended
    }
  }

  async #serve(delivery: Delivery): Promise<void> {
    const { job, attempt, lease, lost } = delivery;
    const cancel = new AbortController();
    this.#running.set(job.id, { lease, cancel });
    const reporter = new BuildReporter(
      this.#transport,
      delivery,
      this.#name,
      (error) => cancel.abort(error),
    );
    const onLost = () => {
      reporter.abandon();
      cancel.abort(lost.reason);
    };
    const onStop = () => cancel.abort(new StoppedError());
    lost.addEventListener("abort", onLost);
    if (lost.aborted) onLost();
    this.#options.signal?.addEventListener("abort", onStop);
    if (this.#options.signal?.aborted) onStop();
    this.#note(`build ${job.id}, attempt ${attempt}: ${redact(job.repo)}`);
    try {
      await this.#build(delivery, reporter, cancel.signal);
    } catch (error) {
      await this.#giveBack(delivery, reporter, error);
    } finally {
      lost.removeEventListener("abort", onLost);
      this.#options.signal?.removeEventListener("abort", onStop);
      this.#running.delete(job.id);
      this.#canceled.delete(job.id);
      await tidyWorkdir(this.#options.workdir)
        .catch((error) => this.#note(`Cannot tidy up: ${errorMessage(error)}`));
      await this.#beat().catch(() => {}); // the next one comes by itself
    }
  }

  /** It has no result here: it goes to somebody else, unless it has been tried often enough. */
  async #giveBack(delivery: Delivery, reporter: BuildReporter, error: unknown): Promise<void> {
    const { job, attempt, lost } = delivery;
    this.#note(`build ${job.id} has no result: ${errorMessage(error)}`);
    if (lost.aborted) return;
    try {
      if (error instanceof StoppedError) return await delivery.requeue();
      if (attempt < (job.max_attempts ?? DEFAULT_MAX_ATTEMPTS)) return await delivery.requeue();
      const reason = `Given up after ${attempt} attempts: ${errorMessage(error)}`;
      await reporter.finished("error", reason);
      await delivery.bury(reason);
    } catch (cause) {
      // The connection is gone: the other side does the same by itself.
      this.#note(`build ${job.id} could not be given back: ${errorMessage(cause)}`);
    }
  }

  async #build(delivery: Delivery, reporter: BuildReporter, signal: AbortSignal): Promise<void> {
    const { job, attempt } = delivery;
    const max = job.max_attempts ?? DEFAULT_MAX_ATTEMPTS;
    if (attempt > max) {
      const reason = `Given up: ${attempt - 1} attempts ended without a result`;
      await reporter.finished("error", reason);
      return await delivery.bury(reason);
    }
    const canceled = this.#canceled.get(job.id);
    if (canceled !== undefined) {
      await reporter.finished("canceled", canceled);
      return await delivery.done();
    }
    reporter.started({ attempt });
    const limit = new AbortController();
    const timer = job.timeout === undefined
      ? undefined
      : setTimeout(() => limit.abort(new LateError(job.timeout!)), job.timeout * 1_000);
    try {
      const either = AbortSignal.any([signal, limit.signal]);
      const outcome = await this.#outcome(delivery, reporter, either);
      signal.throwIfAborted();
      await reporter.finished(outcome.status, outcome.reason, outcome.detail);
    } catch (error) {
      const cause = reasonOf(signal, limit.signal) ?? error;
      if (cause instanceof CanceledError) await reporter.finished("canceled", cause.message);
      else if (cause instanceof LateError) await reporter.finished("timeout", cause.message);
      else throw cause;
    } finally {
      clearTimeout(timer);
    }
    await delivery.done();
    this.#note(`build ${job.id} has its result`);
  }

  async #outcome(
    delivery: Delivery,
    reporter: BuildReporter,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { job, attempt } = delivery;
    const refusal = repositoryProblem(job.repo, this.#options.repositories);
    if (refusal !== undefined) return failed(`The repository is refused: ${refusal}`);
    const { workdir } = this.#options;
    const directory = `${workdir}/builds/${job.id}-${attempt}-${delivery.lease.slice(0, 8)}`;
    await Deno.mkdir(`${workdir}/builds`, { recursive: true });
    const own = this.#options.engine;
    const engine = own ?? await connectEngine({ signal });
    try {
      // The news of an agent's death travels faster than the end of its containers.
      const left = await removeLostContainers(engine, job.id, { signal });
      if (left > 0) reporter.note(`Removed ${left} containers of an earlier attempt`);
      reporter.note(`Cloning repository ${redact(job.repo)}`);
      const checkout = await checkOut({
        repo: job.repo,
        ...(job.branch === undefined ? {} : { branch: job.branch }),
        ...(job.commit === undefined ? {} : { commit: job.commit }),
        directory,
        mirrors: `${workdir}/mirrors`,
        signal,
      });
      reporter.note(`Commit ${checkout.commit}`);
      const path = job.path === undefined ? directory : `${directory}/${job.path}`;
      const manifest = await loadManifest({ path, signal });
      const problem = this.#manifestProblem(manifest);
      if (problem !== undefined) return failed(problem);
      const plan = await this.#plan(manifest, delivery, signal);
      reporter.planned(plan.nodes);
      const result = await runPlan(plan, {
        engine,
        buildId: job.id,
        buildAttempt: attempt,
        project: job.repo,
        outDirectory: `${workdir}/artifacts/${job.id}`,
        signal,
        // Not for one that goes to somebody else: that is not its end.
        afterAbort: (reason) => reason instanceof CanceledError,
        ...(this.#options.dockerSocket === false ? { dockerSocket: false } : {}),
        ...(this.#options.jobs === undefined ? {} : { jobs: this.#options.jobs }),
        onEvent: (event) => reporter.onRunEvent(event),
      });
      return outcomeOf(result, checkout.commit);
    } catch (error) {
      signal.throwIfAborted();
      // Nobody else would do better with these.
      if (error instanceof CheckoutError || isInputError(error)) return failed(errorMessage(error));
      throw error;
    } finally {
      if (own === undefined) await engine[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true }).catch(() => {}); // it was not made
    }
  }

  async #plan(manifest: Manifest, { job }: Delivery, signal: AbortSignal): Promise<RunPlan> {
    const facts = await gatherFacts(manifest, {
      env: this.#allowedEnv(),
      variables: job.env ?? {},
      signal,
    });
    const plan = planRun(manifest, {
      facts,
      // Not those of the agent: what runs must not depend on who happens to take the build.
      grantedTags: job.tags ?? [],
      ...(job.stages === undefined ? {} : { stages: job.stages }),
    });
    for (const { stage, skip } of plan.nodes) {
      const missing = stage.tags.filter((tag) => !this.#options.tags?.includes(tag));
      if (skip !== undefined || missing.length === 0) continue;
      const tags = missing.map((tag) => `"${tag}"`).join(" and ");
      throw new BuildrInputError(
        `Stage "${stage.name}" wants an agent with ${tags}: ask for the build with its tags`,
      );
    }
    return plan;
  }

  #allowedEnv(): Readonly<Record<string, string>> {
    const { allowedEnv = [] } = this.#options;
    const env = this.#options.env ?? Deno.env.toObject();
    return Object.fromEntries(
      Object.entries(env).filter(([name]) => matchesGlob(name, allowedEnv)),
    );
  }

  /** A manifest comes from strangers: what it may not have of this machine. */
  #manifestProblem(manifest: Manifest): string | undefined {
    const allowed = this.#allowedEnv();
    const { inherit } = manifest.environment;
    if (inherit === true && (this.#options.allowedEnv ?? []).length === 0) {
      return 'The manifest asks for the variables of this machine ("inherit: true"), and the agent ' +
        "gives none";
    }
    for (const { name, from, optional } of manifest.secrets.values()) {
      if (from.kind === "file") {
        return `The secret "${name}" is a file of this machine, which an agent does not give`;
      }
      if (from.kind === "env" && !optional && !(from.variable in allowed)) {
        return `The secret "${name}" is the variable "${from.variable}" of this machine, which ` +
          "the agent does not give";
      }
    }
    return undefined;
  }
}

interface Outcome {
  readonly status: "passed" | "failed" | "error" | "timeout";
  readonly reason: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Somebody does not want the build any more. */
class CanceledError extends Error {}
/** The agent is to end. */
class StoppedError extends Error {
  constructor() {
    super("The agent was stopped");
  }
}
/** The build took too long: a time-out, after which `after` runs. */
class LateError extends TimeoutError {
  constructor(seconds: number) {
    super(`The build took longer than its ${seconds} s`);
  }
}

function reasonOf(...signals: readonly AbortSignal[]): unknown {
  return signals.find(({ aborted }) => aborted)?.reason;
}

function failed(reason: string): Outcome {
  return { status: "error", reason, detail: {} };
}

function outcomeOf(result: RunResult, commit: string): Outcome {
  const bad = result.nodes.find(({ failure, status }) =>
    failure !== undefined && status !== "allowed"
  );
  const detail = { commit, exitCode: result.exitCode, wallMs: result.wallMs, run: result.run };
  const reason = bad === undefined ? "" : `${bad.id}: ${bad.failure?.message ?? bad.status}`;
  // Cancelled only by us, and then this is not looked at.
  const status = result.status === "canceled" ? "error" : result.status;
  return { status, reason, detail };
}

function isInputError(error: unknown): boolean {
  if (findCause(error, EngineUnreachableError) !== undefined) return false;
  const names = ["DiagnosticsError", "BuildrInputError", "SecretError"];
  return error instanceof Error && names.includes(error.name);
}
