import { execInContainer } from "../../containers/exec.ts";
import {
  ContainerNotFoundError,
  ContainerNotRunningError,
  ProgramNotFoundError,
} from "../../engine/mod.ts";
import { chainOf, isTimeout } from "../../errors/mod.ts";
import { Deadline, delay } from "../../retry/mod.ts";
import type { PlanNode } from "../plan/model.ts";
import { PROJECT_DIR, SECRETS_DIR } from "./labels.ts";
import type { NodeOutput } from "./node_output.ts";
import type { StageSession } from "./options.ts";
import { handBack } from "./ownership.ts";
import type { Place, Places } from "./places.ts";
import { HOST_PROJECT_VARIABLE, HOST_SOCKET_VARIABLE } from "./project_mount.ts";
import type { ProjectGuests } from "./project_guests.ts";
import type { NodeFailure, NodeResult, NodeStatus } from "./result.ts";
import type { RunContext } from "./run_context.ts";
import { ContainerGoneError, runScripts } from "./run_scripts.ts";
import { ServiceNotReadyError } from "./services.ts";

/** What a node is run with. */
export interface NodeRunnerOptions {
  /** The run. */
  readonly context: RunContext;
  /** Its containers. */
  readonly places: Places;
  /** Artifacts that are in the project for as long as the run. */
  readonly guests: ProjectGuests;
  /** How the run stands: `BUILDR_STATUS`. */
  readonly status: () => string;
  /** Is called when the first line is about to begin. */
  readonly onBegun?: (node: PlanNode) => void;
  /** Is called when the lines have passed, while the container runs. */
  readonly onPassed?: (node: PlanNode, place: Place, beganAtMs: number) => Promise<void>;
  /** Takes what is still to be done when a node has ended. */
  readonly later: (work: PromiseLike<void>) => void;
}

interface Attempt {
  readonly failure?: NodeFailure;
  readonly canceled?: boolean;
  readonly artifacts?: readonly string[];
  readonly keptContainer?: string;
}

/** Runs the nodes of a plan, one at a time: attempts, time limits, files in and out. */
export class NodeRunner {
  readonly #options: NodeRunnerOptions;
  readonly #context: RunContext;

  /** Makes a runner. */
  constructor(options: NodeRunnerOptions) {
    this.#options = options;
    this.#context = options.context;
  }

  /**
   * Runs a node to its end.
   *
   * @param node The node.
   * @param queuedMs How long it could have run already.
   * @param signal Ends it.
   * @returns How it ended; it never fails.
   */
  async run(node: PlanNode, queuedMs: number, signal: AbortSignal): Promise<NodeResult> {
    const { reporter } = this.#context;
    const { stage, row, id } = node;
    const begin = performance.now();
    const startedAt = new Date().toISOString();
    const about = row === undefined ? {} : { row };
    const output = reporter.outputOf(id);
    let attempt = 1;
    let ended: Attempt;
    for (;; attempt++) {
      const { image } = node.placement;
      reporter.emit({
        type: "stage_started",
        node: id,
        stage: stage.name,
        ...about,
        attempt,
        image,
      });
      const mayRetry = attempt <= stage.retry.max;
      ended = await this.#attempt(node, attempt, output, mayRetry, signal);
      const { failure } = ended;
      if (failure === undefined || !mayRetry || !isRetried(node, failure)) break;
      const delayMs = stage.retry.backoffMs * 2 ** (attempt - 1);
      const { cause, message } = failure;
      reporter.emit({ type: "stage_retry", node: id, attempt, cause, message, delayMs });
      try {
        await delay(delayMs, { signal });
      } catch {
        ended = { canceled: true };
        break;
      }
    }
    const { failure } = ended;
    const result = reporter.masked<NodeResult>({
      id,
      stage: stage.name,
      ...about,
      ...statusOf(node, ended, signal),
      ...(failure === undefined
        ? ended.canceled === true ? {} : { exitCode: 0 }
        : failure.exitCode === undefined
        ? {}
        : { exitCode: failure.exitCode }),
      attempts: attempt,
      queuedMs,
      wallMs: Math.round(performance.now() - begin),
      startedAt,
      ...(failure === undefined ? {} : { failure }),
      ...(ended.artifacts === undefined || ended.artifacts.length === 0
        ? {}
        : { artifacts: ended.artifacts }),
      ...(ended.keptContainer === undefined ? {} : { keptContainer: ended.keptContainer }),
    });
    reporter.emit({ type: "stage_finished", node: id, result });
    return result;
  }

  /**
   * Ends a node that could not begin.
   *
   * @param node The node.
   * @param error Why.
   * @returns How it ended.
   */
  fail(node: PlanNode, error: unknown): NodeResult {
    const { reporter, signal } = this.#context;
    const { stage, row, id } = node;
    const failure: NodeFailure = { cause: "system", message: describe(error), lastLines: [] };
    const result = reporter.masked<NodeResult>({
      id,
      stage: stage.name,
      ...(row === undefined ? {} : { row }),
      ...statusOf(node, { failure }, signal),
      attempts: 0,
      queuedMs: 0,
      wallMs: 0,
      startedAt: new Date().toISOString(),
      failure,
    });
    reporter.emit({ type: "stage_finished", node: id, result });
    return result;
  }

  async #attempt(
    node: PlanNode,
    attempt: number,
    output: NodeOutput,
    mayRetry: boolean,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const context = this.#context;
    const { places } = this.#options;
    const beganAtMs = Date.now();
    let place: Place | undefined;
    try {
      // A pull is not the stage's fault: its time begins when the image is there.
      if (node.placement.kind === "fresh" && !node.placement.prepared) {
        await context.images.ensure(node.placement.image, signal);
      }
      using deadline = Deadline.after(node.stage.timeoutMs, { signal, what: `stage "${node.id}"` });
      let failure: NodeFailure | undefined;
      let env: Readonly<Record<string, string>> = {};
      try {
        place = await places.open(node, deadline.signal);
        env = this.#env(node, place, attempt);
        failure = await this.#inPlace(node, place, { attempt, output, env, beganAtMs, deadline });
      } catch (error) {
        if (signal.aborted) throw error;
        failure = deadline.isOver && isTimeout(deadline.signal.reason)
          ? await this.#timedOut(node, place, output)
          : await this.#systemFailure(node, place, output, error);
      }
      return await this.#wrapUp(node, place, { failure, mayRetry, env, beganAtMs, signal });
    } catch (error) {
      await output.flush();
      if (signal.aborted) return { canceled: true };
      return { failure: await this.#systemFailure(node, place, output, error) };
    } finally {
      // Those that wait for this node need not wait for the engine to remove its container.
      const open = place;
      if (open !== undefined) this.#options.later(open[Symbol.asyncDispose]());
    }
  }

  async #inPlace(
    node: PlanNode,
    place: Place,
    { attempt, output, env, beganAtMs, deadline }: {
      readonly attempt: number;
      readonly output: NodeOutput;
      readonly env: Readonly<Record<string, string>>;
      readonly beganAtMs: number;
      readonly deadline: Deadline;
    },
  ): Promise<NodeFailure | undefined> {
    const { engine, reporter, options } = this.#context;
    const { signal } = deadline;
    const { container } = place;
    const user = userOf(node);
    await this.#restoreCaches(node, place, signal);
    await this.#bringArtifacts(node, place, signal);
    await this.#writeSecrets(node, place, user, signal);
    const session = this.#session(node, place, env, signal);
    if (options.insteadOfScript?.node === node.id) {
      const exitCode = await options.insteadOfScript.run(session);
      if (exitCode === 0) return undefined;
      const message = `exit code ${exitCode}`;
      return { cause: "script", message, exitCode, lastLines: output.lastLines() };
    }
    const scripts = {
      engine,
      container,
      node: node.id,
      attempt,
      env,
      workdir: PROJECT_DIR,
      user,
      output,
      reporter,
      signal,
    };
    if (place.needsPrepare) {
      const prepare = this.#context.plan.nodes.find(({ stage }) => stage.kind === "prepare");
      if (prepare !== undefined && prepare.skip === undefined) {
        const own = {
          ...scripts,
          user: userOf(prepare),
          env: { ...env, ...this.#env(prepare, place, attempt) },
        };
        const failure = await runScripts(prepare.commands, own);
        if (failure !== undefined) return { ...failure, cause: "system" };
      }
    }
    this.#options.onBegun?.(node);
    const failure = await runScripts(node.commands, scripts);
    if (failure === undefined) await this.#options.onPassed?.(node, place, beganAtMs);
    return failure;
  }

  async #wrapUp(
    node: PlanNode,
    place: Place | undefined,
    { failure, mayRetry, env, beganAtMs, signal }: {
      readonly failure: NodeFailure | undefined;
      readonly mayRetry: boolean;
      readonly env: Readonly<Record<string, string>>;
      readonly beganAtMs: number;
      readonly signal: AbortSignal;
    },
  ): Promise<Attempt> {
    if (place === undefined) return { ...(failure === undefined ? {} : { failure }) };
    const { options, engine, plan } = this.#context;
    const isLast = failure === undefined || !mayRetry || !isRetried(node, failure);
    let artifacts: readonly string[] = [];
    let kept: string | undefined;
    const isThere = failure?.cause !== "system" || !failure.message.startsWith(GONE);
    if (isThere) {
      if (place.boundDirectory !== undefined) {
        await handBack(engine, place.container.id, plan.manifest.directory, beganAtMs, signal)
          .catch((error) => this.#warn(node, `cannot give files back: ${describe(error)}`));
      }
      if (isLast) {
        artifacts = await this.#context.artifacts.take(node, {
          engine,
          containerId: place.container.id,
          boundDirectory: place.boundDirectory,
          succeeded: failure === undefined,
          warn: (message) => this.#warn(node, message),
          signal,
        });
      }
      if (failure === undefined) await this.#saveCaches(node, place, signal);
      if (failure !== undefined && isLast) {
        await options.onFailure?.(this.#session(node, place, env, signal));
      }
      await this.#removeSecrets(node, place, signal);
    }
    const { keep = "never" } = options;
    if (keep === "always" || keep === "on-failure" && failure !== undefined && isLast) {
      place.keep();
      kept = place.container.name;
    }
    return {
      artifacts,
      ...(failure === undefined ? {} : { failure }),
      ...(kept === undefined ? {} : { keptContainer: kept }),
    };
  }

  async #timedOut(
    node: PlanNode,
    place: Place | undefined,
    output: NodeOutput,
  ): Promise<NodeFailure> {
    await output.flush();
    // A container of its own is removed; the one that others share goes on without the programs.
    await place?.container.killPrograms();
    const seconds = (node.stage.timeoutMs ?? 0) / 1000;
    return {
      cause: "timeout",
      message: `not done within ${seconds} s`,
      lastLines: output.lastLines(),
    };
  }

  async #systemFailure(
    node: PlanNode,
    place: Place | undefined,
    output: NodeOutput,
    error: unknown,
  ): Promise<NodeFailure> {
    await output.flush();
    if (isGone(error) && place?.isMain === true) await this.#options.places.dropMain();
    const lastLines = error instanceof ServiceNotReadyError ? error.lastLines : output.lastLines();
    return { cause: "system", message: wordsFor(error, node, place), lastLines };
  }

  #env(node: PlanNode, place: Place, attempt: number): Readonly<Record<string, string>> {
    const { run, options, mount, secrets } = this.#context;
    const env: Record<string, string> = {
      BUILDR_RUN_ID: run,
      BUILDR_STATUS: this.#options.status(),
      BUILDR_BUILD_ID: options.buildId ?? run,
      BUILDR_ATTEMPT: String(node.stage.retry.max > 0 ? attempt : options.buildAttempt ?? 1),
      ...node.env,
      // What a stage mounts with the engine's socket is looked for on the engine's machine.
      [HOST_PROJECT_VARIABLE]: place.hostDirectory ?? "",
      ...(mount.socket === undefined ? {} : { [HOST_SOCKET_VARIABLE]: mount.socket }),
    };
    for (const { name, as } of node.secrets) {
      const value = secrets.get(name);
      if (value !== undefined) env[name] = as === "file" ? `${SECRETS_DIR}/${name}` : value;
    }
    return env;
  }

  #session(
    node: PlanNode,
    place: Place,
    env: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): StageSession {
    const { engine } = this.#context;
    const { id: containerId } = place.container;
    return {
      node: node.id,
      engine,
      containerId,
      env,
      workdir: PROJECT_DIR,
      user: userOf(node),
      signal,
    };
  }

  async #restoreCaches(node: PlanNode, place: Place, signal: AbortSignal): Promise<void> {
    const { engine, caches, reporter } = this.#context;
    for (const cache of node.caches) {
      const target = { engine, containerId: place.container.id, signal };
      const found = await caches.restore(cache, target);
      reporter.note(
        found === undefined
          ? `cache "${cache.key}": nothing kept yet`
          : found === cache.key
          ? `cache "${cache.key}": restored`
          : `cache "${cache.key}": restored "${found}" in its place`,
        node.id,
      );
    }
  }

  // What cannot be kept makes the next run slower, and this one no worse.
  async #saveCaches(node: PlanNode, place: Place, signal: AbortSignal): Promise<void> {
    const { engine, caches } = this.#context;
    for (const cache of node.caches) {
      if (cache.policy === "pull") continue;
      try {
        const saved = await caches.save(cache, { engine, containerId: place.container.id, signal });
        if (saved === 0) this.#warn(node, `cache "${cache.key}": none of its paths exists`);
      } catch (error) {
        signal.throwIfAborted();
        this.#warn(node, `cache "${cache.key}" is not kept: ${describe(error)}`);
      }
    }
  }

  async #bringArtifacts(node: PlanNode, place: Place, signal: AbortSignal): Promise<void> {
    const { plan, artifacts, engine } = this.#context;
    for (const need of node.needs) {
      const source = plan.nodes.find(({ id }) => id === need.id);
      if (!need.artifacts || source === undefined || source.artifacts.length === 0) continue;
      if (place.boundDirectory !== undefined) await this.#options.guests.bring(source);
      else await artifacts.putInto(source, engine, place.container.id, signal);
    }
  }

  async #writeSecrets(
    node: PlanNode,
    place: Place,
    user: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    for (const { name, as } of node.secrets) {
      const value = this.#context.secrets.get(name);
      if (as !== "file" || value === undefined) continue;
      // By its input: neither a command line nor an archive on the engine's disk ever has it.
      const command = ["sh", "-c", 'umask 077; cat > "$1"', "sh", `${SECRETS_DIR}/${name}`];
      const { engine } = this.#context;
      await execInContainer(engine, place.container.id, command, { stdin: value, user, signal });
    }
  }

  // Other stages go on in the main container, and they did not ask for these.
  async #removeSecrets(node: PlanNode, place: Place, signal: AbortSignal): Promise<void> {
    const files = node.secrets.filter(({ as }) => as === "file")
      .map(({ name }) => `${SECRETS_DIR}/${name}`);
    if (!place.isMain || files.length === 0) return;
    const { engine } = this.#context;
    await execInContainer(engine, place.container.id, ["rm", "-f", "--", ...files], {
      user: "0",
      signal,
    });
  }

  #warn(node: PlanNode, message: string): void {
    this.#context.reporter.note(message, node.id, "warning");
  }
}

function isRetried(node: PlanNode, { cause, exitCode }: NodeFailure): boolean {
  return node.stage.retry.on.some((on) => on === cause || on === exitCode);
}

function userOf({ stage }: PlanNode): string | undefined {
  return stage.user === "host" ? `${Deno.uid() ?? 0}:${Deno.gid() ?? 0}` : stage.user;
}

function statusOf(
  { stage }: PlanNode,
  { failure, canceled }: Attempt,
  signal: AbortSignal,
): { readonly status: NodeStatus; readonly reason?: string } {
  if (canceled === true) return { status: isTimeout(signal.reason) ? "timeout" : "canceled" };
  if (failure === undefined) return { status: "passed" };
  const { allowFailure } = stage;
  const { exitCode, cause } = failure;
  const isAllowed = allowFailure === true ||
    Array.isArray(allowFailure) && exitCode !== undefined && allowFailure.includes(exitCode);
  if (isAllowed) return { status: "allowed", reason: "allow_failure" };
  return { status: ({ script: "failed", timeout: "timeout", system: "error" } as const)[cause] };
}

function isGone(error: unknown): boolean {
  return error instanceof ContainerGoneError || error instanceof ContainerNotRunningError ||
    error instanceof ContainerNotFoundError;
}

/** Beginning of the message when a container is gone. */
const GONE = "the container is gone";

function wordsFor(error: unknown, node: PlanNode, place: Place | undefined): string {
  const { image } = node.placement;
  if (isGone(error)) {
    const words = place?.container.firstWords ?? "";
    const said = words === "" ? "" : `, saying:\n${words}`;
    return `${GONE}: somebody removed it, it ran out of memory, or the entry point of "${image}" ` +
      `does not go on to run "sh"${said}`;
  }
  if (error instanceof ProgramNotFoundError && place === undefined) {
    return `image "${image}" cannot be used: it has no "sh"`;
  }
  const words = describe(error);
  const noSocket = /bind source path does not exist/.test(words) && words.includes(".sock");
  return noSocket
    ? `${words}; "docker: false" or --no-docker-sock leaves the engine's socket out`
    : words;
}

/** Puts an error and its causes into one text. */
export function describe(error: unknown): string {
  const messages = chainOf(error).map((one) => one instanceof Error ? one.message : String(one));
  return [...new Set(messages)].join(": ");
}
