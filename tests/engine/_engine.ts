import {
  connectEngine,
  Demultiplexer,
  type EngineClient,
  type HijackedStream,
} from "../../lib/engine/mod.ts";
import { importBusybox } from "../support/busybox_image.ts";

/** The label of everything that these tests make on an engine that is not theirs. */
export const LABEL = "org.superorch.test.engine";

/** A name that nobody else uses. */
export function unique(what: string): string {
  return `superorch-${what}-${crypto.randomUUID().slice(0, 8)}`;
}

/** An engine with the busybox image on it. */
export interface Bench extends AsyncDisposable {
  /** The engine. */
  readonly engine: EngineClient;
  /** The image. */
  readonly image: string;
  /** Value of {@linkcode LABEL} on all that {@linkcode Bench.create} makes. */
  readonly labels: Readonly<Record<string, string>>;
  /** Creates a container, without a network unless told otherwise. */
  create(
    command: readonly string[],
    body?: Partial<Parameters<EngineClient["containers"]["create"]>[1]>,
    name?: string,
  ): Promise<string>;
  /** Creates one that runs `sleep` and starts it. */
  sleeper(): Promise<string>;
}

/** Makes a bench on the engine that discovery finds, or on the given one. */
export async function openBench(given?: EngineClient): Promise<Bench> {
  const engine = given ?? await connectEngine();
  const image = `${unique("bench")}:local`;
  const labels = { [LABEL]: image };
  await importBusybox(engine, image);
  const create: Bench["create"] = async (command, body = {}, name) => {
    const { Id } = await engine.containers.create(name ?? unique("c"), {
      Image: image,
      Cmd: command,
      Labels: labels,
      ...body,
      HostConfig: { NetworkMode: "none", ...body.HostConfig },
    });
    return Id;
  };
  return {
    engine,
    image,
    labels,
    create,
    async sleeper() {
      const id = await create(["sleep", "600"]);
      await engine.containers.start(id);
      return id;
    },
    async [Symbol.asyncDispose]() {
      const containers = await engine.containers.list({ labels });
      await Promise.all(containers.map(({ Id }) => engine.containers.remove(Id, { force: true })));
      for (const { Id } of await engine.networks.list({ labels })) await engine.networks.remove(Id);
      for (const { Name } of await engine.volumes.list({ labels })) {
        await engine.volumes.remove(Name);
      }
      for (const { Id } of await engine.images.list({ labels })) {
        await engine.images.remove(Id, { force: true });
      }
      await engine.images.remove(image);
      await engine[Symbol.asyncDispose]();
    },
  };
}

/** Reads a framed stream to its end. */
export async function readOutput(
  source: HijackedStream | ReadableStream<Uint8Array>,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const texts = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const demultiplexer = new Demultiplexer((stream, piece) => {
    texts[stream] += decoders[stream].decode(piece, { stream: true });
  });
  if (source instanceof ReadableStream) {
    for await (const chunk of source) demultiplexer.write(chunk);
  } else {
    using stream = source;
    for (let bytes = await stream.read(); bytes !== null; bytes = await stream.read()) {
      demultiplexer.write(bytes);
    }
  }
  demultiplexer.end();
  return texts;
}

/** Takes what a promise throws. */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

/** Rejects when something takes longer than it may; the bound of a test, not an assertion. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} takes longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a test in a directory of its own, which is removed afterwards. */
export async function inTempDir(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "superorch-t-" });
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Registers a test, or says why it is skipped. */
export function testUnless(
  problem: string | undefined,
  name: string,
  body: () => Promise<void>,
): void {
  // Said where the test is named, so that a gate without root does not look complete.
  const shown = problem === undefined ? name : `${name} (skipped: ${problem})`;
  Deno.test({ name: shown, ignore: problem !== undefined, fn: body });
}
