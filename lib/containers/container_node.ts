import {
  type ContainerInspect,
  Demultiplexer,
  type EngineClient,
  type EngineEvent,
} from "../engine/mod.ts";
import { copyIntoContainer, type CopySource } from "./copy.ts";
import { abortable } from "../retry/mod.ts";
import { cleanupSignal, patiently } from "./_patience.ts";
import { createBody } from "./create_body.ts";
import { ContainerStartError } from "./errors.ts";
import type { GraphNode } from "./node.ts";
import type { NetworkEvents } from "./network_events.ts";
import { NodeStatus } from "./node_status.ts";
import type { NodeOutput } from "./node_output.ts";
import type { PreparedImage } from "./prepare_images.ts";
import { removeContainer } from "./remove_container.ts";
import type { ContainerSpec, HealthSpec } from "./spec.ts";

/** What a container shares with the rest of its network. */
export interface ContainerNodeContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** The stream of events. */
  readonly events: NetworkEvents;
  /** Name of the network on the engine. */
  readonly network: string;
  /** Its own name on the engine. */
  readonly engineName: string;
  /** What it is made from. */
  readonly image: PreparedImage;
  /** All its labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Absolute path for each path of a bind. */
  readonly resolveBind: (path: string) => string;
  /** Id on the engine for another node. */
  readonly resolveContainer: (name: string) => string;
}

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
  #id: string | undefined;
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
    return this.#context.engineName;
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
      return (isPlain ? health : (health as HealthSpec).test).length > 0;
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
    const pumping = this.#pump(stream).catch((error: unknown) => error);
    const exit = engine.containers.wait(id, { signal: this.#life.signal });
    exit.catch(() => {}); // `#watch` looks at it when the output has ended
    const { State } = await engine.containers.inspect(id, { signal });
    this.status.advance("running", Date.parse(State.StartedAt));
    if (State.Health !== undefined && State.Health.Status !== "none") {
      this.status.setHealth(State.Health.Status);
    }
    this.#watching = this.#watch(id, exit, pumping, stream);
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
  start(signal: AbortSignal): Promise<void> {
    return this.#doing(() => this.#start(signal));
  }

  /** Asks it to end, which is then no failure; `terminate` removes it. */
  async stop(
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<void> {
    if (this.#id === undefined) return;
    this.#stopped = true;
    await this.#context.engine.containers.stop(this.#id, options);
  }

  /** Ends it and removes it. */
  async terminate(graceMs: number): Promise<void> {
    this.#terminating = true;
    await this.#busy;
    // Process 1 of a container ignores SIGTERM unless it has a handler, so asking first costs the
    // whole grace in most cases; who wants it says so.
    if (graceMs > 0 && this.status.phase === "running" && this.#id !== undefined) {
      const stopping = this.#context.engine.containers.stop(this.#id, { timeoutMs: graceMs });
      await stopping.catch(ignoreGone);
    }
    await (this.#removing ??= this.#remove().finally(() => this.#removing = undefined));
  }

  /** Stops watching it; it goes on. */
  async letGo(): Promise<void> {
    this.#terminating = true; // what is lost sight of now is no failure
    if (this.#id !== undefined) this.#context.events.forget(this.#id);
    this.#stream?.[Symbol.dispose]();
    this.#life.abort();
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
      const body = createBody(this.spec, { ...this.#context, image: image.id });
      const { Id } = await patiently(
        signal,
        (patient) => engine.containers.create(engineName, body, { signal: patient, platform }),
      );
      this.#id = Id;
    } catch (cause) {
      signal.throwIfAborted();
      throw this.#fail("create", cause);
    }
    const id = this.#id;
    this.#context.events.listen(id, (event) => this.#onEvent(event));
    this.status.advance("created");
    try {
      for (const { target, ...source } of this.spec.files ?? []) {
        await copyIntoContainer(engine, id, target, source as CopySource, { signal });
      }
    } catch (cause) {
      signal.throwIfAborted();
      throw this.#fail("create", cause);
    }
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { engine } = this.#context;
    const id = this.#id;
    if (id === undefined) throw new TypeError(`Container "${this.spec.name}" is not created yet`);
    signal.throwIfAborted();
    this.status.advance("starting");
    try {
      const stream = await engine.containers.attach(id, { signal });
      this.#stream = stream;
      const pumping = this.#pump(stream).catch((error: unknown) => error);
      const listening = Promise.withResolvers<void>();
      const exit = engine.containers.wait(id, {
        condition: "next-exit",
        signal: this.#life.signal,
        onWaiting: listening.resolve,
      });
      exit.catch(listening.reject);
      try {
        await abortable(listening.promise, signal);
        await engine.containers.start(id, { signal });
      } catch (error) {
        stream[Symbol.dispose]();
        this.#life.abort();
        await pumping;
        throw error;
      }
      this.status.advance("running");
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
        events.forget(id);
        this.#id = undefined;
      }
    } catch (error) {
      // The engine does not answer: nothing more is to be heard of it, but it keeps its id, so that
      // the removal can be tried again.
      this.#stream?.[Symbol.dispose]();
      this.#life.abort();
      throw error;
    } finally {
      await this.#watching;
      this.#life.abort();
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
      let inspect = await this.#inspectAfterExit(id);
      while (
        inspect !== undefined && (inspect.State.Status === "restarting" || inspect.State.Running)
      ) {
        this.status.note(`exit code ${code}, restarted by the engine`);
        ({ code, pumpError, inspect } = await this.#followRestart(id, inspect));
      }
      if (pumpError !== undefined && !this.#terminating) throw pumpError;
      // 137 and 143 are how our own kill looks; any other code is the program's own last word.
      const terminated = this.#stopped || this.#terminating &&
          (inspect === undefined || code === 137 || code === 143);
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

  // With a restart policy the container lives on after an exit. Its attached stream does not, so
  // the log takes over from the moment at which it ended.
  async #followRestart(
    id: string,
    before: ContainerInspect,
  ): Promise<{ code: number; pumpError: unknown; inspect: ContainerInspect | undefined }> {
    const { engine } = this.#context;
    const { signal } = this.#life;
    const logs = await engine.containers.logs(id, {
      follow: true,
      since: new Date(timeOf(before.State.FinishedAt)),
      signal,
    });
    const pumping = this.#pump(logs).catch((error: unknown) => error);
    const { StatusCode: code } = await engine.containers.wait(id, { signal });
    const inspect = await this.#inspectAfterExit(id);
    return { code, pumpError: await pumping, inspect };
  }

  async #inspectAfterExit(id: string): Promise<ContainerInspect | undefined> {
    try {
      return await this.#context.engine.containers.inspect(id);
    } catch (error) {
      if (this.#terminating) return undefined; // removed meanwhile, by us
      throw error;
    }
  }

  async #pump(
    source: { read(): Promise<Uint8Array | null> } | ReadableStream<Uint8Array>,
  ): Promise<undefined> {
    const { stdout, stderr } = this.output;
    let waits: Promise<void>[] = [];
    const demultiplexer = new Demultiplexer((stream, piece) => {
      const wait = (stream === "stdout" ? stdout : stderr).write(piece);
      if (wait !== undefined) waits.push(wait);
    });
    const take = async (bytes: Uint8Array) => {
      if (this.spec.tty === true) await stdout.write(bytes);
      else demultiplexer.write(bytes);
      if (waits.length > 0) {
        await Promise.all(waits);
        waits = [];
      }
    };
    if (source instanceof ReadableStream) {
      for await (const bytes of source) await take(bytes);
    } else {
      for (let bytes = await source.read(); bytes !== null; bytes = await source.read()) {
        await take(bytes);
      }
    }
    if (!this.#terminating) demultiplexer.end();
    return undefined;
  }

  #onEvent(event: EngineEvent): void {
    const atMs = event.timeNano / 1e6;
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

  #fail(action: "create" | "start", cause: unknown): unknown {
    const error = new ContainerStartError(this.spec.name, action, this.origin, { cause });
    this.status.setFailure(error);
    return error;
  }
}

function terminatedExit() {
  return { exitCode: undefined, oomKilled: false, terminated: true, atMs: Date.now() };
}

// "0001-01-01T00:00:00Z" is the engine's way to say never.
function timeOf(rfc3339: string | undefined): number {
  const ms = rfc3339 === undefined ? NaN : Date.parse(rfc3339);
  return Number.isNaN(ms) || ms < 0 ? Date.now() : ms;
}

function ignoreGone(error: unknown): boolean {
  if (error instanceof Error && error.name === "ContainerNotFoundError") return false;
  throw error;
}
