import assert from "node:assert/strict";
import { listOwned, parseOwner } from "../../lib/containers/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { connectEngine } from "../../lib/engine/mod.ts";

/** What an example did. */
export interface ExampleRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How an example is run. */
export interface ExampleOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/**
 * Runs an example as people do, in an empty directory, and looks at what it leaves: nothing on the
 * engine, nothing in the temporary directory.
 *
 * @param name Its file, without the extension.
 * @returns Exit code and outputs.
 */
export async function runExample(
  name: string,
  { args = [], env = {}, timeoutMs = 60_000 }: ExampleOptions = {},
): Promise<ExampleRun> {
  const directory = await Deno.makeTempDir({ prefix: "superorch-examples-" });
  try {
    await Deno.mkdir(`${directory}/temp`);
    await Deno.mkdir(`${directory}/cwd`);
    const script = new URL(`../../examples/${name}.ts`, import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", script, ...args],
      cwd: `${directory}/cwd`,
      env: { NO_COLOR: "1", TMPDIR: `${directory}/temp`, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(timeoutMs),
    }).spawn();
    const { code, stdout, stderr } = await child.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const run = { code, stdout: text(stdout), stderr: text(stderr) };
    assert.deepEqual(await ownedBy(child.pid), [], `left on the engine\n${run.stderr}`);
    assert.deepEqual([...Deno.readDirSync(`${directory}/temp`)], [], "left in TMPDIR");
    return run;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function ownedBy(pid: number): Promise<readonly string[]> {
  await using engine = await connectEngine();
  return (await listOwned(engine))
    .filter(({ labels }) => parseOwner(labels[LABEL.owner] ?? "")?.pid === pid)
    .map(({ kind, name }) => `${kind} ${name}`);
}

/** A directory that is gone after the test. */
export async function tempDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "superorch-examples-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
