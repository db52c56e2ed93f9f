import {
  type Condition,
  container,
  ContainerNetwork,
  type ContainerSpec,
  NodeEndedError,
  UnhealthyError,
} from "../../containers/mod.ts";
import type { EngineClient } from "../../engine/mod.ts";
import { isTimeout, StackedError } from "../../errors/mod.ts";
import type { Readiness } from "../manifest/model.ts";
import type { PlannedService } from "../plan/model.ts";
import type { PullPolicy } from "./options.ts";

/** The last lines of a service that are shown when it does not get ready. */
const LOG_LINES = 20;

/** A service that keeps this much of each output can tell its last lines. */
const LOG_BYTES = 64 * 1024;

/** What services are started with. */
export interface ServiceContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** Name of the network, to which the id of a run is added. */
  readonly name: string;
  /** Labels of buildr's own. */
  readonly labels: Readonly<Record<string, string>>;
  /** When images are pulled. */
  readonly pull: PullPolicy;
  /** Takes what is worth knowing. */
  readonly note: (message: string) => void;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** Services that run beside a stage. */
export interface RunningServices extends AsyncDisposable {
  /** Name on the engine of the network that they are in. */
  readonly network: string;
}

/** A service did not get ready. */
export class ServiceNotReadyError extends Error {
  /** The name of the class. */
  override readonly name: string = "ServiceNotReadyError";
  /** Its name. */
  readonly service: string;
  /** Its last lines. */
  readonly lastLines: readonly string[];

  /** Makes the message from the fields. */
  constructor(service: string, reason: string, lastLines: readonly string[]) {
    super(`Service "${service}" is not ready: ${reason}`);
    this.service = service;
    this.lastLines = lastLines;
  }
}

/**
 * Starts the services of a stage, each reachable by its name, and waits until all of them are ready.
 *
 * @param services Which; at least one.
 * @param context Where.
 * @returns The services; dispose of them.
 * @throws {ServiceNotReadyError} when one does not get ready in its time, with its last lines.
 * @throws {StackedError} when one cannot be started.
 */
export async function startServices(
  services: readonly PlannedService[],
  context: ServiceContext,
): Promise<RunningServices> {
  const { engine, signal } = context;
  await using stack = new AsyncDisposableStack();
  const network = stack.use(
    await ContainerNetwork.create(context.name, {
      engine,
      signal,
      forward: false,
      handleSignals: false,
      labels: context.labels,
      onProgress: context.note,
    }),
  );
  network.add(...services.map((service) => specOf(service, context)));
  try {
    await network.run(undefined, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new StackedError(`Cannot start service ${namesOf(services)}`, { cause, location: false });
  }
  await Promise.all(services.map((service) => waitUntilReady(network, service, signal)));
  const moved = stack.move();
  return {
    network: network.engineName,
    [Symbol.asyncDispose]: () => moved[Symbol.asyncDispose](),
  };
}

function namesOf(services: readonly PlannedService[]): string {
  return services.map(({ name }) => `"${name}"`).join(", ");
}

function specOf(service: PlannedService, { labels, pull }: ServiceContext): ContainerSpec {
  return container(service.name, service.image, {
    env: service.env,
    labels,
    pull,
    recordLimitBytes: LOG_BYTES,
    // That of a database may end while its stage goes on; the stage notices by itself.
    allowUnsuccessful: true,
    ...(service.command === undefined ? {} : { command: service.command }),
    ...(service.entrypoint === undefined ? {} : { entrypoint: service.entrypoint }),
  });
}

async function waitUntilReady(
  network: ContainerNetwork,
  service: PlannedService,
  signal: AbortSignal,
): Promise<void> {
  const { ready, name } = service;
  const condition = conditionOf(ready);
  if (condition === undefined) return;
  try {
    await network.waitFor(name, condition, { timeoutMs: ready.timeoutMs, signal });
  } catch (error) {
    signal.throwIfAborted();
    const known = isTimeout(error) || error instanceof NodeEndedError ||
      error instanceof UnhealthyError;
    if (!known && !(error instanceof TypeError)) throw error;
    const reason = isTimeout(error)
      ? `it did not ${wanted(ready)} within ${ready.timeoutMs / 1000} s`
      : (error as Error).message.split("\n")[0] ?? "";
    throw new ServiceNotReadyError(name, reason, lastLines(network, name));
  }
}

function conditionOf(ready: Readiness): Condition | undefined {
  switch (ready.kind) {
    case "started":
      return undefined;
    case "healthy":
      return "healthy";
    case "tcp":
      return { port: ready.port ?? 0 };
    case "http":
      return { http: { port: ready.port ?? 0, path: ready.path ?? "/" } };
    case "log":
      return { log: ready.pattern ?? "" };
    case "command":
      return { exec: ready.command ?? [] };
  }
}

function wanted(ready: Readiness): string {
  switch (ready.kind) {
    case "tcp":
      return `listen on port ${ready.port}`;
    case "http":
      return `answer GET :${ready.port}${ready.path ?? "/"}`;
    case "log":
      return `write a line like /${ready.pattern}/`;
    case "command":
      return `run ${JSON.stringify(ready.command)} successfully`;
    default:
      return "become healthy";
  }
}

function lastLines(network: ContainerNetwork, name: string): readonly string[] {
  const running = network.container(name);
  const decoder = new TextDecoder();
  const text = decoder.decode(running.stdout()) + decoder.decode(running.stderr());
  return text.trimEnd().split("\n").filter((line) => line !== "").slice(-LOG_LINES);
}
