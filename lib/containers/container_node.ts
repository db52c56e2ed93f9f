import {
  compareVersions,
  type ContainerInspect,
  type EngineClient,
  type EngineEvent,
  type HijackedStream,
} from "../engine/mod.ts";
import { copyIntoContainer, type CopySource } from "./copy.ts";
import { abortable, delay } from "../retry/mod.ts";
import type { ConnectTurns } from "./_connect_turns.ts";
import { cleanupSignal, patiently } from "./patience.ts";
import { stopPolitely } from "./polite_stop.ts";
import { pumpOutput } from "./_pump_output.ts";
import { ContainerRuns } from "./container_runs.ts";
import { createBody, endpointsOf } from "./create_body.ts";
import { ContainerStartError } from "./errors.ts";
import type { GraphNode } from "./node.ts";
import type { NetworkEvents } from "./network_events.ts";
import { NodeStatus } from "./node_status.ts";
import type { NodeOutput } from "./node_output.ts";
import type { PreparedImage } from "./prepare_images.ts";
import { removeContainer } from "./remove_container.ts";
import { RunFollower, timeOf } from "./run_follower.ts";
import type { ContainerSpec, HealthSpec } from "./spec.ts";

/** How long the engine is asked again whether a container with a limit was killed for memory. */
const OOM_LOOKS = 5;
const OOM_LOOK_MS = 100;

/** How our own end looks: SIGKILL and SIGTERM. */
const KILLED: readonly number[] = [137, 143];

/** Nobody sees it; a DOMException for each container cost 0.3 ms of processor time. */
const OVER = new Error("The container is not followed any more");

/** A stop takes this much longer than the grace of its container at most. */
const STOP_SLACK_MS = 5_000;

/** What a container shares with the rest of its network. */
export interface ContainerNodeContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** The stream of events. */
  readonly events: NetworkEvents;
  /** Name of the network on the engine. */
  readonly network: string;
  /** Names on the engine of the further networks, by key. */
  readonly networks?: ReadonlyMap<string, string>;
  /** Its own name on the engine. */
  readonly engineName: string;
  /** What it is made from. */
  readonly image: PreparedImage;
  /** All its labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Absolute path for each path of a bind. */
  readonly resolveBind: (path: string) => string;
  /** Name on the engine for a volume. */
  readonly resolveVolume?: (name: string) => string;
  /** Labels of a named volume that is made for it. */
  readonly volumeLabels?: (name: string) => Readonly<Record<string, string>>;
  /** Name on the engine for another node. */
  readonly resolveContainer: (name: string) => string;
  /** Takes what the engine does otherwise than asked. */
  readonly onWarning: (text: string) => void;
}

/** The first one that knows how often a container is checked while it starts. */
const START_INTERVAL_API = "1.44";

/** A container of a network. */
export class ContainerNode implements GraphNode {
  /** What it was made from. */
  readonly spec: ContainerSpec;
  /** How far it has come. */
  readonly status: NodeStatus = new NodeStatus();
  /** What it wrote. */
  readonly output: NodeOutput;
  readonly #context: ContainerNodeContext;
  /** Ends the requests that live as long as the container. */
  readonly #life = new AbortController();
  /** Ends the waits for another run. */
  readonly #removed = new AbortController();
  readonly #runs = new ContainerRuns();
  /** A restart of our own that is under way. */
  #restarting: Promise<void> = Promise.resolve();
  #id: string | undefined;
  /** Another name than it was made with. */
  #engineName: string | undefined;
  #terminating = false;
  #stopped = false;
  #adopted = false;
  #stream: Disposable | undefined;
  /** A creation or a start that is under way. */
  #busy: Promise<void> = Promise.resolve();
  #watching: Promise<void> = Promise.resolve();
  #removing: Promise<void> | undefined;

  /** Makes a node; nothing is created yet. */
  constructor(spec: ContainerSpec, output: NodeOutput, context: ContainerNodeContext) {
    this.spec = spec;
    this.output = output;
    this.#context = context;
  }

  /** Reference of its image. */
  get origin(): string {
    return this.#context.image.name;
  }

  /** Id on the engine, `undefined` before it is created. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Name on the engine. */
  get engineName(): string {
    return this.#engineName ?? this.#context.engineName;
  }

  /** All its labels. */
  get labels(): Readonly<Record<string, string>> {
    return this.#context.labels;
  }

  /** Whether the engine checks its health, by its own check or that of its image. */
  get hasHealthCheck(): boolean {
    const { health } = this.spec;
    if (health !== undefined) {
      const isPlain = typeof health === "string" || Array.isArray(health);
      const test = isPlain ? health : (health as HealthSpec).test;
      if (test !== undefined) return test.length > 0;
    }
    const test = this.#context.image.inspect.Config?.Healthcheck?.Test ?? [];
    return test.length > 0 && test[0] !== "NONE";
  }

  /** Whether it ran already and was only found again. */
  get adopted(): boolean {
    return this.#adopted;
  }

  /**
   * Takes over a container that runs already; its output is taken from now on.
   *
   * @param id The container.
   * @param signal Ends the attempt.
   */
  async adopt(id: string, signal: AbortSignal): Promise<void> {
    const { engine, events } = this.#context;
    this.#id = id;
    this.#adopted = true;
    events.listen(id, (event) => this.#onEvent(event));
    const stream = await engine.containers.attach(id, { signal });
    const pumping = this.#pump(stream);
    const exit = engine.containers.wait(id, { signal: this.#life.signal });
    exit.catch(() => {}); // `#watch` looks at it when the output has ended
    const { State } = await engine.containers.inspect(id, { signal });
    this.status.advance("running", Date.parse(State.StartedAt));
    if (State.Health !== undefined && State.Health.Status !== "none") {
      this.status.setHealth(State.Health.Status);
    }
    this.#runs.assume(Date.parse(State.StartedAt));
    this.#watching = this.#watch(id, exit, pumping, stream);
  }

  /**
   * Takes over a container that has done its work in an earlier run; nothing is run.
   *
   * @param id The container.
   * @param signal Ends the attempt.
   */
  async adoptEnded(id: string, signal: AbortSignal): Promise<void> {
    this.#id = id;
    this.#adopted = true;
    const { State } = await this.#context.engine.containers.inspect(id, { signal });
    this.status.setExit({
      exitCode: State.ExitCode,
      oomKilled: State.OOMKilled,
      terminated: false,
      atMs: timeOf(State.FinishedAt),
    });
    await this.output.end();
  }

  /** Creates it on the engine. */
  create(signal: AbortSignal): Promise<void> {
    return this.#doing(() => this.#create(signal));
  }

  /**
   * Starts it.
   *
   * The order loses nothing: attach, then wait for the exit to come, then start. The other way
   * round a program that ends at once takes its first words and its exit code with it.
   */
  start(signal: AbortSignal, turns?: ConnectTurns): Promise<void> {
    return this.#doing(() => this.#start(signal, turns));
  }

  /** Asks it to end, which is then no failure; `terminate` removes it. */
  async stop(
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<void> {
    if (this.#id === undefined) return;
    this.#stopped = true;
    await this.#context.engine.containers.stop(this.#id, options);
  }

  /** Stops it and starts it again; its network sees one long run. */
  async restart(
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<void> {
    const id = this.#id;
    if (id === undefined) throw new TypeError(`Container "${this.spec.name}" is not there`);
    this.#restarting = this.#context.engine.containers.restart(id, options);
    await this.#restarting;
  }

  /** Gives it another name on the engine. */
  async rename(
    engineName: string,
    options: { readonly signal?: AbortSignal },
  ): Promise<void> {
    if (this.#id === undefined) throw new TypeError(`Container "${this.spec.name}" is not there`);
    await this.#context.engine.containers.rename(this.#id, engineName, options);
    this.#engineName = engineName;
  }

  /** Ends it and removes it. */
  async terminate(graceMs: number): Promise<void> {
    this.#terminating = true;
    await this.#busy;
    if (graceMs > 0 && this.status.phase === "running" && this.#id !== undefined) {
      const signal = AbortSignal.timeout(graceMs + STOP_SLACK_MS);
      const { engine } = this.#context;
      // What is wrong with the engine is told by the removal.
      await stopPolitely(engine, this.#id, { timeoutMs: graceMs, signal }).catch(() => {});
    }
    await (this.#removing ??= this.#remove().finally(() => this.#removing = undefined));
  }

  /** Stops watching it; it goes on. */
  async letGo(): Promise<void> {
    this.#terminating = true; // what is lost sight of now is no failure
    if (this.#id !== undefined) this.#context.events.forget(this.#id);
    this.#stream?.[Symbol.dispose]();
    this.#life.abort(OVER);
    await this.#watching;
    await this.output.end();
  }

  /** Keeps an end from overtaking the creation or the start. */
  async #doing(work: () => Promise<void>): Promise<void> {
    if (this.#terminating || this.#adopted) return;
    const working = work();
    this.#busy = working.catch(() => {});
    await working;
  }

  async #create(signal: AbortSignal): Promise<void> {
    const { engine, engineName, image } = this.#context;
    const { platform } = this.spec;
    try {
      // By the name that was given, for everybody who lists containers; it was looked up just now.
      const source = this.spec.image;
      const from = source.kind === "reference" ? source.reference : image.id;
      const body = createBody(this.spec, { ...this.#context, image: from });
      const { Id, Warnings } = await patiently(
        signal,
        (patient) => engine.containers.create(engineName, body, { signal: patient, platform }),
      );
      this.#id = Id;
      for (const warning of Warnings ?? []) this.#warn(warning);
      if (
        body.Healthcheck?.StartInterval !== undefined &&
        compareVersions(engine.apiVersion, START_INTERVAL_API) < 0
      ) {
        this.#warn("its health check has no interval of its own for the start before API 1.44");
      }
    } catch (cause) {
      signal.throwIfAborted();
      throw this.#fail("create", cause);
    }
    const id = this.#id;
    try {
      this.#context.events.listen(id, (event) => this.#onEvent(event));
      this.status.advance("created");
      for (const [network, endpoint] of endpointsOf(this.spec, this.#context).slice(1)) {
        await engine.networks.connect(network, id, endpoint, { signal });
      }
      for (const { target, ...source } of this.spec.files ?? []) {
        await copyIntoContainer(engine, id, target, source as CopySource, { signal });
      }
    } catch (cause) {
      signal.throwIfAborted();
      throw this.#fail("create", cause);
    }
  }

  #warn(text: string): void {
    this.#context.onWarning(`container "${this.spec.name}": ${text}`);
  }

  async #start(signal: AbortSignal, turns: ConnectTurns | undefined): Promise<void> {
    const { engine } = this.#context;
    const id = this.#id;
    if (id === undefined) throw new TypeError(`Container "${this.spec.name}" is not created yet`);
    signal.throwIfAborted();
    this.status.advance("starting");
    try {
      const stdin = this.spec.stdin === "held";
      const stream = await engine.containers.attach(id, { stdin, signal });
      this.#stream = stream;
      const pumping = this.#pump(stream);
      const listening = Promise.withResolvers<void>();
      const exit = engine.containers.wait(id, {
        condition: "next-exit",
        signal: this.#life.signal,
        onWaiting: listening.resolve,
      });
      exit.catch(listening.reject);
      try {
        await abortable(listening.promise, signal);
        const start = () => engine.containers.start(id, { signal });
        const networks = endpointsOf(this.spec, this.#context).length;
        if (turns === undefined || networks === 0) await start();
        else await turns.start(id, networks, start, signal);
      } catch (error) {
        stream[Symbol.dispose]();
        this.#life.abort(OVER);
        await pumping;
        throw error;
      }
      // By the engine's clock, as its end will be: a short run would seem to end before it began.
      this.status.advance("running", this.#runs.startedAtMs(0));
      this.#watching = this.#watch(id, exit, pumping, stream);
    } catch (cause) {
      signal.throwIfAborted();
      throw this.#fail("start", cause);
    }
  }

  async #remove(): Promise<void> {
    const { engine, events } = this.#context;
    const id = this.#id;
    try {
      if (id !== undefined) {
        await removeContainer(engine, id, cleanupSignal());
        this.#removed.abort(OVER);
        events.forget(id);
        this.#id = undefined;
      }
    } catch (error) {
      // The engine does not answer: nothing more is to be heard of it, but it keeps its id, so that
      // the removal can be tried again.
      this.#stream?.[Symbol.dispose]();
      this.#life.abort(OVER);
      throw error;
    } finally {
      await this.#watching;
      this.#life.abort(OVER);
      if (!this.status.isOver) this.status.setExit(terminatedExit());
      await this.output.end();
    }
  }

  async #watch(
    id: string,
    exit: Promise<{ StatusCode: number }>,
    pumping: Promise<unknown>,
    stream: Disposable,
  ): Promise<void> {
    this.#stream = stream;
    try {
      let code = (await exit).StatusCode;
      let pumpError = await pumping;
      // One that we kill is being removed: there is nothing to learn of it any more.
      const isKilled = this.#terminating && KILLED.includes(code);
      let inspect = isKilled ? undefined : await this.#inspectAfterExit(id);
      const follower = this.#follower(id);
      for (let run = 1; inspect !== undefined; run++) {
        const next = await follower.next(run, inspect, code);
        if (next === undefined) break;
        ({ code, pumpError } = next);
        inspect = await this.#inspectAfterExit(id);
      }
      if (pumpError !== undefined && !this.#terminating) throw pumpError;
      const terminated = this.#stopped || this.#terminating && !this.#hadLastWord(inspect, code);
      await this.output.end();
      this.status.setExit({
        exitCode: terminated && !this.#stopped ? undefined : code,
        oomKilled: inspect?.State.OOMKilled ?? false,
        terminated,
        atMs: timeOf(inspect?.State.FinishedAt),
      });
    } catch (error) {
      await this.output.end();
      if (this.#terminating) this.status.setExit(terminatedExit());
      else this.status.setFailure(error);
    } finally {
      stream[Symbol.dispose]();
    }
  }

  // 137 and 143 are how our own kill looks; any other code is the program's own last word, unless
  // it would have been started again.
  #hadLastWord(inspect: ContainerInspect | undefined, code: number): boolean {
    const { restart } = this.spec;
    return inspect !== undefined && !KILLED.includes(code) && restart !== "always" &&
      restart !== "unless-stopped";
  }

  #follower(id: string): RunFollower {
    return new RunFollower({
      engine: this.#context.engine,
      id,
      runs: this.#runs,
      status: this.status,
      output: this.output,
      isTerminal: this.spec.tty === true,
      hasHealthCheck: this.hasHealthCheck,
      isEnding: () => this.#terminating || this.#stopped,
      restarting: () => this.#restarting,
      removed: this.#removed.signal,
      life: this.#life.signal,
    });
  }

  async #inspectAfterExit(id: string): Promise<ContainerInspect | undefined> {
    try {
      let inspect = await this.#context.engine.containers.inspect(id);
      // The engine hears of the end of memory by another way than of the end, and on a busy machine
      // later (seen). Only where it is what the end looks like is that waited for.
      const { memoryBytes } = this.spec;
      for (let look = 0; look < OOM_LOOKS && !this.#terminating; look++) {
        const { ExitCode, OOMKilled } = inspect.State;
        if (memoryBytes === undefined || ExitCode !== 137 || OOMKilled) break;
        await delay(OOM_LOOK_MS);
        inspect = await this.#context.engine.containers.inspect(id);
      }
      return inspect;
    } catch (error) {
      if (this.#terminating) return undefined; // removed meanwhile, by us
      throw error;
    }
  }

  #onEvent(event: EngineEvent): void {
    const atMs = event.timeNano / 1e6;
    this.#runs.take(event);
    if (event.Action === "start") this.status.wake();
    if (event.Action === "die") this.status.wake();
    // Podman sends the bare "health_status" with the state as an attribute.
    const health = /^health_status(?:: ?(\w+))?$/.exec(event.Action);
    if (health !== null) {
      const state = health[1] ?? event.Actor.Attributes["health_status"];
      if (state === "healthy" || state === "unhealthy") this.status.setHealth(state, atMs);
    } else if (event.Action === "oom") {
      this.status.note("out of memory", atMs);
    } else if (event.Action === "pause" || event.Action === "unpause") {
      this.status.note(event.Action, atMs);
    }
  }

  async #pump(stream: HijackedStream): Promise<unknown> {
    try {
      await pumpOutput(stream, this.output, this.spec.tty === true);
      return undefined;
    } catch (error) {
      return error; // whether it matters shows when it is known how the container ended
    }
  }

  #fail(action: "create" | "start", cause: unknown): unknown {
    const error = new ContainerStartError(this.spec.name, action, this.origin, { cause });
    this.status.setFailure(error);
    return error;
  }
}

function terminatedExit() {
  return { exitCode: undefined, oomKilled: false, terminated: true, atMs: Date.now() };
}
