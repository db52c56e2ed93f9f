import assert from "node:assert/strict";
import { connectEngine, type EngineClient } from "../../../lib/engine/mod.ts";
import { tarStream } from "../../../lib/engine/tar/mod.ts";

/** What a test gets: an engine and an image with busybox in it, both its own. */
export interface Bench {
  readonly engine: EngineClient;
  readonly base: string;
  /** Tags made with this are removed after the test. */
  readonly tag: (name: string) => string;
}

const TOOLS =
  "sh cat echo sleep ls cp dd true false mkdir chmod seq tr head env wc sha256sum rm touch";

/** Gives a test an engine and a base image, and removes the images of its tags. */
export async function withBase(work: (bench: Bench) => Promise<void>): Promise<void> {
  await using engine = await connectEngine();
  const id = crypto.randomUUID().slice(0, 8);
  const base = `superorch/test-build-${id}:base`;
  const tags = new Set([base]);
  const tag = (name: string) => {
    const reference = `superorch/test-build-${id}:${name}`;
    tags.add(reference);
    return reference;
  };
  const links = TOOLS.split(" ").map((name) => (
    { kind: "symlink", path: `bin/${name}`, target: "busybox" } as const
  ));
  const root = tarStream([
    { kind: "directory", path: "bin" },
    { kind: "directory", path: "tmp", mode: 0o1777 },
    { kind: "file", path: "bin/busybox", content: { hostPath: "/bin/busybox" }, mode: 0o755 },
    // The same bytes would share layers, and cached steps, with another test's base.
    { kind: "file", path: "id", content: id },
    ...links,
  ]);
  await engine.images.import(base, root, { changes: ["ENV PATH=/bin", "LABEL superorch.test=1"] });
  const layer = await firstLayer(engine, base);
  let left: string[] = [];
  try {
    await work({ engine, base, tag });
  } finally {
    for (const reference of tags) {
      await engine.images.remove(reference, { force: true });
    }
    left = layer === undefined ? [] : await unnamedOn(engine, layer);
    for (const image of left) await engine.images.remove(image);
  }
  assert.deepEqual(left, [], "a test leaves no image without a name");
}

/** Images without a name that begin with a layer. */
async function unnamedOn(engine: EngineClient, layer: string): Promise<string[]> {
  const ids: string[] = [];
  for (const { Id } of await engine.images.list({ filters: { dangling: ["true"] } })) {
    // Another test may remove its own meanwhile.
    if (await firstLayer(engine, Id).catch(() => undefined) === layer) ids.push(Id);
  }
  return ids;
}

async function firstLayer(engine: EngineClient, image: string): Promise<string | undefined> {
  const { RootFS } = await engine.json<{ RootFS?: { Layers?: string[] } }>({
    method: "GET",
    path: `/images/${image}/json`,
  });
  return RootFS?.Layers?.[0];
}

/** Gives a test a directory of its own. */
export async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Makes files, and directories where a path ends with a slash. */
export async function makeTree(directory: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (path.endsWith("/")) await Deno.mkdir(`${directory}/${path}`, { recursive: true });
    else await Deno.writeTextFile(`${directory}/${path}`, path);
  }
}

/** Runs a program to its end. */
export async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: Uint8Array<ArrayBuffer>,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const child = new Deno.Command(command, {
    args: [...args],
    env: { ...env },
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(input);
    await writer.close();
  }
  const { code, stdout, stderr } = await output;
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Waits until something holds; the last failure is thrown when it never does. */
export async function eventually<T>(check: () => Promise<T> | T, timeoutMs = 10_000): Promise<T> {
  const end = performance.now() + timeoutMs;
  while (true) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
