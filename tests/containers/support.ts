import assert from "node:assert/strict";
import {
  container,
  ContainerNetwork,
  type ContainerOptions,
  type ContainerSpec,
  LABEL,
  type NetworkOptions,
} from "../../lib/containers/mod.ts";
import type { OutputWriter } from "../../lib/commands/output/mod.ts";
import { connectEngine, type EngineClient } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE, busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";

/** Collects what is written to it. */
export class Collected implements OutputWriter {
  readonly #decoder = new TextDecoder();
  /** All of it so far. */
  text = "";

  write(bytes: Uint8Array): Promise<number> {
    this.text += this.#decoder.decode(bytes, { stream: true });
    return Promise.resolve(bytes.length);
  }
}

/** What a test has at hand. */
export interface Scene {
  /** The engine that discovery finds, or the one given. */
  readonly engine: EngineClient;
  /** What networks show live. */
  readonly live: Collected;
  /** What networks say about themselves. */
  readonly progress: string[];
  /** Makes a network that is disposed of after the test, and looked after: nothing may be left. */
  network(name?: string, options?: NetworkOptions): Promise<ContainerNetwork>;
}

/**
 * Runs the body with an engine; afterwards disposes of its networks and checks with the engine that
 * nothing of them is left.
 */
export async function withScene(
  body: (scene: Scene) => Promise<void>,
  given?: EngineClient,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const engine = given ?? stack.use(await connectEngine());
  await busyboxImage(engine);
  const networks: ContainerNetwork[] = [];
  const live = new Collected();
  const progress: string[] = [];
  const scene: Scene = {
    engine,
    live,
    progress,
    async network(name = "test", options = {}) {
      const network = await ContainerNetwork.create(name, {
        engine,
        forward: false,
        stdout: live,
        stderr: live,
        onProgress: (line) => progress.push(line),
        ...options,
      });
      networks.push(network);
      return network;
    },
  };
  try {
    await body(scene);
  } finally {
    for (const network of networks) await network[Symbol.asyncDispose]();
  }
  for (const { runId } of networks) await nothingLeft(engine, { [LABEL.run]: runId });
}

/** Registers a test with a {@linkcode Scene}. */
export function sceneTest(name: string, body: (scene: Scene) => Promise<void>): void {
  Deno.test(name, () => withScene(body));
}

/** Lists what has some labels, as the engine sees it. */
export async function onEngine(
  engine: EngineClient,
  labels: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const [containers, networks, volumes, images] = await Promise.all([
    engine.containers.list({ labels }),
    engine.networks.list({ labels }),
    engine.volumes.list({ labels }),
    engine.images.list({ labels }),
  ]);
  return [
    ...containers.map(({ Names, Id, State }) => `container ${Names[0] ?? Id} (${State})`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...volumes.map(({ Name }) => `volume ${Name}`),
    ...images.map(({ RepoTags, Id }) => `image ${RepoTags?.[0] ?? Id}`),
  ];
}

/** Fails if anything with some labels is left. */
export async function nothingLeft(
  engine: EngineClient,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  assert.deepEqual(await onEngine(engine, labels), []);
}

/** Waits, bounded, until nothing with some labels is left. */
export async function nothingLeftWithin(
  ms: number,
  engine: EngineClient,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  await eventually(() => nothingLeft(engine, labels), ms, { what: "nothing is left", pollMs: 50 });
}

/** A container of the test image that runs a shell script. */
export function shell(name: string, script: string, options: ContainerOptions = {}): ContainerSpec {
  return container(name, BUSYBOX_IMAGE, { command: ["sh", "-c", script], ...options });
}

/** A container that runs until it is ended. */
export function sleeper(name: string, options: ContainerOptions = {}): ContainerSpec {
  return container(name, BUSYBOX_IMAGE, { command: ["sleep", "1000"], ...options });
}

/** What a promise is rejected with, within some time. */
export async function thrownBy<T extends Error>(
  // deno-lint-ignore no-explicit-any -- constructors of any shape
  kind: abstract new (...args: any[]) => T,
  work: Promise<unknown>,
  ms = 20_000,
): Promise<T> {
  const error = await within(
    ms,
    work.then(
      (value) => assert.fail(`expected ${kind.name}, got ${Deno.inspect(value)}`),
      (error: unknown) => error,
    ),
  );
  assert.ok(error instanceof kind, `expected ${kind.name}, got ${Deno.inspect(error)}`);
  return error;
}

/** Fails when something takes too long. */
export async function within<T>(ms: number, work: PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** How long something takes, in milliseconds. */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const begin = performance.now();
  const value = await work();
  return { value, ms: performance.now() - begin };
}

/** Everything that an error says, with its causes. */
export function textOf(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) parts.push(`${at.name}: ${at.message}`);
  return parts.join("\n");
}

/** A directory that is gone after the test. */
export async function tempDir(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "superorch-containers-" }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** A port of 127.0.0.1 that was free just now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
