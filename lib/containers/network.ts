import { renderError } from "../errors/mod.ts";
import { connectEngine, type EngineClient } from "../engine/mod.ts";
import { Deadline, delay } from "../retry/mod.ts";
import { Turns } from "./_turns.ts";
import { BindSources } from "./bind_sources.ts";
import { checkNodes } from "./check_container.ts";
import { checkNetwork, makeLogDirectory } from "./check_network.ts";
import { requireKnownOptions } from "./_known_options.ts";
import type { Condition } from "./conditions.ts";
import { ContainerNode } from "./container_node.ts";
import { EngineSide } from "./engine_side.ts";
import type { NetworkFailedError } from "./errors.ts";
import { requireFreeNames } from "./free_names.ts";
import { endNodes } from "./end_nodes.ts";
import { checkGraph } from "./graph.ts";
import { findKept, type KeptProject, lockKept } from "./kept.ts";
import { NamedObjects } from "./named_objects.ts";
import { NetworkIdentity, newRunId } from "./network_identity.ts";
import { makePlan, type NetworkPlan } from "./network_plan.ts";
import { startNodes } from "./network_start.ts";
import {
  anySignal,
  lateError,
  waitForNode,
  waitForNodes,
  type WaitsContext,
} from "./network_waits.ts";
import { NodeRegistry } from "./node_registry.ts";
import { resultOf } from "./node_result.ts";
import type {
  NetworkOptions,
  NodeResult,
  NodeSummary,
  RunOptions,
  WaitOptions,
} from "./network_spec.ts";
import { formatOwner, identifyProcess } from "./owner.ts";
import { failureReport } from "./report.ts";
import { RunningContainer } from "./running_container.ts";
import type { ContainerSpec, NodeSpec } from "./spec.ts";
import { summaryOf } from "./summary.ts";
import { sweepDeadOwners } from "./sweep.ts";

/**
 * After the first failure others are given this long to fail of the same cause, so that the report
 * can tell who was first: what is noticed first is not always what ended first.
 */
const CASCADE_MS = 250;

/**
 * A set of containers and host commands that run together: one graph, one network on the engine,
 * one report.
 *
 * Everything that it makes is removed when it is disposed of, and on every other way out: a signal,
 * an uncaught error, `Deno.exit()`, SIGKILL.
 *
 * @example
 * ```ts no-eval
 * import { container, ContainerNetwork } from "@superorch/superorch/containers";
 *
 * await using network = await ContainerNetwork.create("shop");
 * network.add(container("db", "postgres:16", { health: ["pg_isready"] }));
 * network.add(container("app", "shop:dev", { dependsOn: { db: "healthy" }, ports: [8080] }));
 * await network.run();
 * const { host, port } = await network.container("app").publishedPort(8080);
 * console.log(await (await fetch(`http://${host}:${port}/`)).text());
 * ```
 */
export class ContainerNetwork implements AsyncDisposable {
  /** The engine. */
  readonly engine: EngineClient;
  /** Directory of the logs, `undefined` without. */
  readonly logDir: string | undefined;
  readonly #identity: NetworkIdentity;
  readonly #options: NetworkOptions;
  readonly #registry: NodeRegistry;
  readonly #side: EngineSide;
  readonly #named: NamedObjects;
  readonly #stack = new AsyncDisposableStack();
  readonly #startedAtMs = Date.now();
  readonly #turns = new Turns();
  /** A run that is making things. */
  #making: Promise<void> | undefined;
  /** Stops the runs that are under way. */
  #stopped = new AbortController();
  /** Tells that a signal ends the process. */
  readonly #interrupted = new AbortController();
  #ending: Promise<void> | undefined;
  #disposal: Promise<void> | undefined;

  private constructor(
    identity: NetworkIdentity,
    engine: EngineClient,
    options: NetworkOptions,
    networkId: string | undefined,
  ) {
    this.engine = engine;
    this.logDir = options.logDir;
    this.#identity = identity;
    this.#options = options;
    this.#registry = new NodeRegistry(identity.name);
    this.#side = new EngineSide(engine, identity, networkId);
    this.#named = new NamedObjects(engine, identity, options);
  }

  /**
   * Connects to an engine, removes what dead processes left on it, and makes an empty network.
   * Nothing is made on the engine before the first `run`.
   *
   * Permissions: those of `connectEngine`; `--allow-run` of Deno for the reaper; `--allow-all` for
   * telling owners apart (without it nothing is swept); `--allow-write` of the log directory.
   *
   * @param name Its name: letters, digits, `_`, `.` and `-`.
   * @param options How it is made.
   * @returns The network; dispose of it.
   * @throws {EngineUnreachableError} when there is no engine.
   */
  static async create(name: string, options: NetworkOptions = {}): Promise<ContainerNetwork> {
    checkNetwork(name, options);
    await using stack = new AsyncDisposableStack();
    const engine = options.engine ??
      stack.use(await connectEngine({ ...options.connect, signal: options.signal }));
    const self = await identifyProcess();
    const [kept, { removed }] = await Promise.all([
      options.lifetime === "kept" ? findKept(engine, name, options) : undefined,
      sweepDeadOwners(engine, { signal: options.signal }),
    ]);
    const identity = new NetworkIdentity(name, {
      runId: kept?.runId ?? newRunId(),
      owner: formatOwner(self),
      unique: options.unique !== false,
      lifetime: options.lifetime ?? "owner",
    });
    const network = new ContainerNetwork(identity, engine, options, kept?.networkId);
    if (removed.length > 0) {
      network.#progress(
        `removed what dead runs left: ${removed.map(({ name }) => name).join(", ")}`,
      );
    }
    if (options.logDir !== undefined) await makeLogDirectory(options.logDir);
    network.#stack.use(stack.move());
    return network;
  }

  /** Its name. */
  get name(): string {
    return this.#identity.name;
  }

  /** Id of the run, 16 hexadecimal digits. */
  get runId(): string {
    return this.#identity.runId;
  }

  /** Name of the network on the engine. */
  get engineName(): string {
    return this.#identity.engineName;
  }

  /** Names of those that run or are about to. */
  get activeNames(): readonly string[] {
    return this.#registry.names((node) => node?.status.isActive === true);
  }

  /** Names of those that have not run or have ended. */
  get inactiveNames(): readonly string[] {
    return this.#registry.names((node) => node?.status.isActive !== true);
  }

  /**
   * Adds containers and host commands. Nothing happens until they run.
   *
   * @param specs What to add.
   * @returns This network.
   * @throws {TypeError} when a name is taken.
   */
  add(...specs: readonly NodeSpec[]): this {
    for (const spec of specs) this.#registry.add(spec);
    return this;
  }

  /**
   * Takes something out; what runs is ended.
   *
   * @param name Its name.
   * @returns How it ended, `undefined` when it was never run.
   * @throws {TypeError} when there is nothing of that name.
   */
  async remove(name: string): Promise<NodeResult | undefined> {
    this.#registry.requireSpec(name);
    await this.terminate([name]);
    const node = this.#registry.node(name);
    this.#registry.delete(name);
    return node === undefined ? undefined : resultOf(node);
  }

  /**
   * Tells what a run would do, without doing any of it: what would be made, found again or
   * replaced, and in which order it would be started. Mistakes are found as by a run.
   *
   * @param names Which. Default: all that do not run and have not ended.
   * @param options Signal.
   * @returns The plan; `formatPlan` makes text of it.
   * @throws {GraphError} when the dependencies make no sense.
   * @throws {TypeError} when a container cannot be made as it is specified.
   * @throws {NameInUseError} when somebody else has a name.
   */
  async plan(
    names?: readonly string[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<NetworkPlan> {
    this.#requireOpen();
    const { signal = new AbortController().signal } = options;
    const { specs, containers } = this.#select(names);
    const binds = await BindSources.resolve(containers, this.engine, { make: false });
    const kept = this.#isKept ? await findKept(this.engine, this.name, { signal }) : undefined;
    await this.#requireFreeNames(containers, kept, signal);
    return await makePlan({
      engine: this.engine,
      name: this.name,
      engineName: this.engineName,
      options: this.#options,
      all: [...this.#registry.specs.values()],
      wanted: specs,
      kept,
      isThere: this.#side.isMade || kept?.networkId !== undefined,
      containerName: (name) => this.#identity.containerName(name),
      networkName: (key) => this.#named.network(key),
      volumeName: (key) => this.#named.volume(key),
      warnings: binds.warnings,
      signal,
    });
  }

  /**
   * Starts nodes and everything that they depend on; settles when all of them run.
   *
   * Mistakes that can be known before are found before anything is made: unknown names, circles,
   * missing directories, missing images, taken names. When a node cannot be started, or what it
   * waits for cannot come any more, everything that runs is ended.
   *
   * @param names Which. Default: all that do not run and have not ended.
   * @param options Time limit and signal.
   * @throws {GraphError} when the dependencies make no sense.
   * @throws {TypeError} when a container cannot be made as it is specified.
   * @throws {RangeError} when a port cannot be one.
   * @throws {NetworkFailedError} when a node does not start; the guilty one first.
   * @throws {TimeoutError} when it takes too long; everything is ended then.
   */
  async run(names?: readonly string[], options: RunOptions = {}): Promise<void> {
    await this.#unlessInterrupted(this.#run(names, options));
  }

  async #run(names: readonly string[] | undefined, options: RunOptions): Promise<void> {
    this.#requireOpen();
    requireKnownOptions(options, "run", `run network "${this.name}"`);
    using deadline = Deadline.after(options.timeoutMs, {
      signal: anySignal([options.signal, this.#interrupted.signal, this.#stopped.signal]),
      what: `start of network "${this.name}"`,
    });
    const { signal } = deadline;
    // Two at a time would both make the network, and what both depend on.
    using _turn = await this.#turns.take(signal);
    const { wanted, specs, containers } = this.#select(names);
    if (wanted.length === 0) return;
    const binds = await BindSources.resolve(containers, this.engine);
    for (const warning of binds.warnings) this.#progress(`warning: ${warning}`);
    await using _lock = this.#isKept ? await this.#lock(signal) : undefined;
    const kept = this.#isKept ? await findKept(this.engine, this.name, { signal }) : undefined;
    await this.#requireFreeNames(containers, kept, signal);
    signal.throwIfAborted();
    const making = this.#make(specs, binds, kept, signal).catch((error) => {
      if (signal.aborted) this.#side.noteCutOff();
      throw error;
    });
    this.#making = making.catch(() => {});
    try {
      await making;
    } catch (error) {
      await this.#ending?.catch(() => {}); // a signal is ending everything already
      if (!signal.aborted) throw await this.#reportAndTerminate() ?? error;
      const late = lateError(
        signal.reason,
        `Network "${this.name}" did not start within ${options.timeoutMs} ms`,
        this.name,
        wanted.flatMap((name) => this.#registry.node(name) ?? [])
          .filter(({ status }) => !status.isOver && status.phase !== "running"),
        this.#registry.nodes,
      );
      await this.#terminateAfterFailure();
      throw late;
    }
  }

  /**
   * Waits until nodes have ended, and looks after all the others meanwhile.
   *
   * @param names Which. Default: all that have run and were not waited for.
   * @param options Time limit, signal, what to do on a failure.
   * @returns How each of them ended, by name.
   * @throws {NetworkFailedError} as soon as any node fails, named or not; the guilty one first.
   * @throws {TimeoutError} when it takes too long; the nodes go on.
   * @throws {TypeError} when a name is unknown, was never run, or was waited for before.
   */
  async wait(
    names?: readonly string[],
    options: WaitOptions = {},
  ): Promise<ReadonlyMap<string, NodeResult>> {
    return await this.#unlessInterrupted(waitForNodes(names, options, this.#waits));
  }

  /**
   * Waits until all important nodes have ended, as {@linkcode ContainerNetwork.wait} does.
   *
   * @param options Time limit, signal, what to do on a failure.
   * @returns How each of them ended, by name.
   * @throws {TypeError} when none is important.
   */
  async waitImportant(options: WaitOptions = {}): Promise<ReadonlyMap<string, NodeResult>> {
    const names = [...this.#registry.specs.values()]
      .filter(({ important }) => important === true).map(({ name }) => name);
    if (names.length === 0) {
      throw new TypeError(`Cannot wait for what is important in "${this.name}": nothing is`);
    }
    return await this.wait(names, options);
  }

  /**
   * Waits for a condition of one node.
   *
   * @param name The node; it must have been run.
   * @param condition What is waited for.
   * @throws {NodeEndedError} as soon as it ends instead.
   * @throws {UnhealthyError} when its health check fails for good.
   * @throws {TypeError} when the condition is none, or can never hold.
   * @throws {TimeoutError} when it takes too long.
   */
  async waitFor(
    name: string,
    condition: Condition,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#unlessInterrupted(waitForNode(name, condition, options, this.#waits));
  }

  /**
   * Gets a container that was run, to do things with it.
   *
   * @param name Its name.
   * @throws {TypeError} when there is none of that name, or it was not run.
   */
  container(name: string): RunningContainer {
    const node = this.#registry.requireNode(name);
    if (!(node instanceof ContainerNode) || node.id === undefined) {
      throw new TypeError(
        `Cannot use "${name}" of network "${this.name}": it is no container that was run`,
      );
    }
    return new RunningContainer(this.engine, node, node.id, this.engineName);
  }

  /**
   * Gets how a node ended.
   *
   * @param name Its name.
   * @returns The result, `undefined` while it runs or when it was never run.
   */
  result(name: string): NodeResult | undefined {
    const node = this.#registry.node(this.#registry.requireSpec(name).name);
    return node?.status.isOver ? resultOf(node) : undefined;
  }

  /** One line for each node, in the order in which they were added. */
  summary(): readonly NodeSummary[] {
    return [...this.#registry.specs.values()].map((spec) =>
      summaryOf(spec, this.#registry.node(spec.name), this.#startedAtMs)
    );
  }

  /**
   * Ends nodes and removes their containers; they can be run again.
   *
   * @param names Which. Default: all.
   * @param options `graceMs`: how long they may take to end by themselves. Default: containers as
   * the network's `stop` says, host commands 1 s.
   */
  async terminate(
    names?: readonly string[],
    options: { readonly graceMs?: number } = {},
  ): Promise<void> {
    requireKnownOptions(options, "terminate", `end network "${this.name}"`);
    for (const name of names ?? []) this.#registry.requireSpec(name);
    const nodes = names === undefined
      ? this.#registry.nodes
      : names.flatMap((name) => this.#registry.node(name) ?? []);
    await endNodes(nodes, {
      network: this.name,
      stop: this.#options.stop,
      specs: this.#registry.specs,
      graceMs: options.graceMs,
      onEnded: (node) => this.#registry.collect(node),
    });
  }

  #select(names: readonly string[] | undefined) {
    const wanted = this.#registry.selectToRun(names);
    if (wanted.length > 0) checkGraph(this.name, this.#registry.specs);
    const specs = wanted.map((name) => this.#registry.requireSpec(name));
    checkNodes(specs, this.#options);
    return { wanted, specs, containers: specs.filter((spec) => spec.kind === "container") };
  }

  /**
   * Makes the report of what has failed so far; nothing is ended.
   *
   * @returns The error that a wait would throw, `undefined` when nothing has failed.
   */
  failure(): NetworkFailedError | undefined {
    return failureReport(this.name, this.#registry.nodes, this.logDir);
  }

  /** Ends all nodes and removes everything that was made on the engine; it can be run again. */
  async terminateAll(): Promise<void> {
    this.#ending ??= this.#terminateAll().finally(() => this.#ending = undefined);
    await this.#ending;
  }

  /** Same as {@linkcode ContainerNetwork.terminateAll}, and closes the engine if it is our own. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#disposal ??= this.#dispose());
  }

  async #dispose(): Promise<void> {
    try {
      if (!this.#isKept) await this.terminateAll();
      else await this.#letGo();
    } finally {
      await this.#side.abandon();
      await this.#stack.disposeAsync();
    }
  }

  async #terminateAll(): Promise<void> {
    await this.#stopRuns();
    const errors: unknown[] = [];
    const note = (error: unknown) => void errors.push(error);
    await this.terminate().catch(note);
    await this.#side.removeAll().catch(note);
    this.#named.forget();
    if (errors.length > 0) {
      throw new AggregateError(errors, `Cannot remove everything of network "${this.name}"`);
    }
    await this.#side.release();
  }

  async #letGo(): Promise<void> {
    await this.#stopRuns();
    // What goes on is not ended, only lost sight of.
    for (const { status } of this.#registry.nodes) status.observe(undefined);
    await Promise.all(this.#registry.nodes.map((node) => node.letGo()));
    await this.#side.letGo();
  }

  // Whatever is just being made must be known before it can be removed.
  async #stopRuns(): Promise<void> {
    const text = `Network "${this.name}" is terminated while it starts`;
    this.#stopped.abort(new DOMException(text, "AbortError"));
    this.#stopped = new AbortController();
    await this.#making;
  }

  async #make(
    specs: readonly NodeSpec[],
    binds: BindSources,
    kept: KeptProject | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#side.guard(
      this.#options.handleSignals === false ? undefined : () => this.#onSignal(),
    );
    await startNodes(specs, {
      engine: this.engine,
      identity: this.#identity,
      options: this.#options,
      registry: this.#registry,
      side: this.#side,
      named: this.#named,
      binds,
      kept,
      onProgress: (line) => this.#progress(line),
      onLost: (error) => this.#lost(error),
      signal,
    });
  }

  async #onSignal(): Promise<void> {
    this.#interrupted.abort(new DOMException("Interrupted by a signal", "AbortError"));
    await this.terminateAll();
  }

  // When a signal has come the process ends with the signal's exit code as soon as everything is
  // cleaned up. A rejection before that would end it earlier and with another one.
  async #unlessInterrupted<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!this.#interrupted.signal.aborted) throw error;
      return await new Promise<never>(() => {});
    }
  }

  #lock(signal: AbortSignal): Promise<AsyncDisposable> {
    return lockKept(this.engine, this.name, { signal, onWait: (line) => this.#progress(line) });
  }

  get #isKept(): boolean {
    return this.#identity.lifetime === "kept";
  }

  async #terminateAfterFailure(): Promise<void> {
    try {
      if (!this.#isKept) return await this.terminateAll();
      // What was there before goes on as before.
      const own = this.#registry.nodes.filter((node) =>
        !(node instanceof ContainerNode && node.adopted)
      );
      await this.terminate(own.map(({ spec }) => spec.name));
    } catch (error) {
      // The failure itself matters more than what went wrong while cleaning up after it.
      this.#progress(`warning: ${renderError(error).trim()}`);
    }
  }

  async #reportAndTerminate(): Promise<NetworkFailedError | undefined> {
    await delay(CASCADE_MS);
    const report = failureReport(this.name, this.#registry.nodes, this.logDir);
    await this.#terminateAfterFailure();
    return report;
  }

  get #waits(): WaitsContext {
    return {
      engine: this.engine,
      name: this.name,
      registry: this.#registry,
      logDir: this.logDir,
      interrupted: this.#interrupted.signal,
      onFailure: () => this.#reportAndTerminate(),
    };
  }

  #lost(error: unknown): void {
    for (const node of this.#registry.nodes) {
      if (node instanceof ContainerNode && node.status.isActive) node.status.setFailure(error);
    }
  }

  async #requireFreeNames(
    specs: readonly ContainerSpec[],
    kept: KeptProject | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const isUnique = this.#options.unique !== false;
    const names = specs.flatMap(({ name, containerName }) =>
      containerName ?? (isUnique ? [] : name)
    );
    if (names.length === 0) return;
    const own = this.#registry.nodes
      .flatMap((node) => node instanceof ContainerNode && node.id !== undefined ? [node.id] : []);
    own.push(...[...kept?.containers.values() ?? []].map(({ Id }) => Id));
    await requireFreeNames(this.engine, names, new Set(own), signal);
  }

  #requireOpen(): void {
    if (this.#disposal !== undefined) {
      throw new TypeError(`Cannot run network "${this.name}": it is disposed of`);
    }
    this.#interrupted.signal.throwIfAborted();
  }

  #progress(line: string): void {
    if (this.#options.onProgress !== undefined) return this.#options.onProgress(line);
    const bytes = new TextEncoder().encode(`${line}\n`);
    // A closed standard error is no reason to fail.
    (this.#options.stderr ?? Deno.stderr).write(bytes).catch(() => {});
  }
}
