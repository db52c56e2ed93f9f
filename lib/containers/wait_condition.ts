import type { EngineClient } from "../engine/mod.ts";
import { abortable, delay } from "../retry/mod.ts";
import type { Condition, LogCondition } from "./conditions.ts";
import { ContainerNode } from "./container_node.ts";
import { NodeEndedError, UnhealthyError } from "./errors.ts";
import type { GraphNode } from "./node.ts";
import { addressFinder, fileExists, httpAnswers, portAccepts, programSucceeds } from "./probes.ts";
import { waitContext } from "./report.ts";

/** What a wait needs to know. */
export interface WaitContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** All nodes of the network, for errors. */
  readonly nodes: () => readonly GraphNode[];
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** A connection attempt costs 0.1 ms, a request 1 ms, so they are tried often. */
const CONNECT_POLL_MS = 10;
/** The engine has no event for a file; asking for one costs it 5 ms. */
const FILE_POLL_MS = 50;
/** An exec costs the engine 35 ms. */
const EXEC_POLL_MS = 100;

/**
 * Waits until a condition holds for a node, and gives up at once when it no longer can.
 *
 * @param node The node.
 * @param condition What is waited for.
 * @param context Engine and signal.
 * @throws {NodeEndedError} when the node ended first.
 * @throws {UnhealthyError} when its health check failed too often.
 */
export async function waitForCondition(
  node: GraphNode,
  condition: Condition,
  context: WaitContext,
): Promise<void> {
  switch (condition) {
    case "started":
      await node.status.until(() => {
        if (node.status.failure !== undefined) throw node.status.failure;
        return node.status.phase === "running" || node.status.phase === "ended" || undefined;
      }, context.signal);
      return;
    case "healthy":
      return await waitHealthy(node, context);
    case "completed":
      return await waitCompleted(node, context);
    default:
      await waitForCondition(node, "started", context);
      await untilEnded(node, context, (signal) => {
        if ("log" in condition) return waitForLog(node, condition, signal);
        const { check, pollMs } = probeOf(node, condition, context.engine);
        return poll(check, pollMs, signal);
      });
  }
}

async function waitHealthy(node: GraphNode, context: WaitContext): Promise<void> {
  const checked = node instanceof ContainerNode && node.hasHealthCheck;
  const { status } = node;
  const verdict = await status.until(() => {
    if (status.failure !== undefined) throw status.failure;
    if (status.phase === "ended") throw endedError(node, context);
    if (status.phase !== "running") return undefined;
    if (!checked) return "healthy";
    return status.health === "healthy" || status.health === "unhealthy" ? status.health : undefined;
  }, context.signal);
  if (verdict === "healthy") return;
  const checks = await healthLog(node, context);
  throw new UnhealthyError(node.spec.name, checks, waitContext(node, context.nodes()));
}

async function waitCompleted(node: GraphNode, context: WaitContext): Promise<void> {
  const { status } = node;
  const exit = await status.until(() => {
    if (status.failure !== undefined) throw status.failure;
    return status.exit;
  }, context.signal);
  const allowed = node.spec.allowUnsuccessful === true && !exit.terminated;
  if (exit.exitCode !== 0 && !allowed) throw endedError(node, context);
}

async function healthLog(
  node: GraphNode,
  { engine, signal }: WaitContext,
): Promise<readonly { exitCode: number; output: string }[]> {
  const id = node instanceof ContainerNode ? node.id : undefined;
  if (id === undefined) return [];
  const { State } = await engine.containers.inspect(id, { signal });
  return (State.Health?.Log ?? []).map(({ ExitCode, Output }) => ({
    exitCode: ExitCode,
    output: Output.slice(0, 2000),
  }));
}

/** Runs a wait that ends at once, with the reason, when the node ends. */
async function untilEnded(
  node: GraphNode,
  context: WaitContext,
  wait: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const inner = AbortSignal.any([context.signal, controller.signal]);
  const waiting = wait(inner).then(() => "holds" as const);
  const ended = node.status.until(() => node.status.isOver || undefined, inner);
  try {
    const first = await Promise.race([waiting, ended.then(() => "ended" as const)]);
    if (first === "holds") return;
    // Its last words may be what was waited for: they are all there once it has ended.
    if (await lastLook(waiting)) return;
    throw node.status.failure ?? endedError(node, context);
  } finally {
    controller.abort();
    await Promise.allSettled([waiting, ended]);
  }
}

function lastLook(waiting: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  waiting.then(() => resolve(true), () => resolve(false));
  // Lines that are already there are handed out without a pause: a turn of the event loop is
  // enough for all of them.
  setTimeout(() => resolve(false), 0);
  return promise;
}

async function waitForLog(
  node: GraphNode,
  { log, times = 1 }: LogCondition,
  signal: AbortSignal,
): Promise<void> {
  const pattern = new RegExp(log);
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = times;
  using _watch = node.output.watchLines((line) => {
    pattern.lastIndex = 0; // one with the flag g or y would go on from where it stopped
    if (pattern.test(line) && --left === 0) resolve();
  });
  await abortable(promise, signal);
}

function probeOf(
  node: GraphNode,
  condition: Exclude<Condition, string | LogCondition>,
  engine: EngineClient,
): { check: (signal: AbortSignal) => Promise<boolean>; pollMs: number } {
  if ("port" in condition) {
    const find = addressFinder(node, condition.port, engine);
    return { check: (signal) => portAccepts(find, signal), pollMs: CONNECT_POLL_MS };
  }
  if ("http" in condition) {
    const find = addressFinder(node, condition.http.port, engine);
    return {
      check: (signal) => httpAnswers(find, condition.http, signal),
      pollMs: CONNECT_POLL_MS,
    };
  }
  if ("exec" in condition) {
    return {
      check: (signal) => programSucceeds(node, condition.exec, engine, signal),
      pollMs: EXEC_POLL_MS,
    };
  }
  return {
    check: (signal) => fileExists(node, condition.file, engine, signal),
    pollMs: FILE_POLL_MS,
  };
}

async function poll(
  check: (signal: AbortSignal) => Promise<boolean>,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!await check(signal)) await delay(intervalMs, { signal });
}

function endedError(node: GraphNode, context: WaitContext): NodeEndedError {
  const { exit } = node.status;
  return new NodeEndedError(
    node.spec.name,
    exit?.exitCode,
    exit?.oomKilled ?? false,
    waitContext(node, context.nodes()),
  );
}
