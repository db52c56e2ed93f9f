import assert from "node:assert/strict";

/** Runs a test in a directory of its own, which is removed afterwards. */
export async function inTempDir(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "superorch-files-" }));
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Names in a directory, sorted. */
export function namesIn(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
}

function command(name: string, args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", new URL(`scripts/${name}`, import.meta.url).href, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs one of the scripts beside the tests to its end. */
export async function runScript(
  name: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const { code, stdout, stderr } = await command(name, args).output();
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Starts a script and waits for a line of it; `kill()` is SIGKILL. */
export async function startScript(
  name: string,
  args: readonly string[],
  ready: string,
): Promise<{ readonly process: Deno.ChildProcess; kill(): Promise<void> }> {
  const process = command(name, args).spawn();
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  assert.equal(text(value ?? new Uint8Array()).trim(), ready);
  return {
    process,
    async kill() {
      process.kill("SIGKILL");
      await Promise.all([process.status, reader.cancel(), process.stderr.cancel()]);
    },
  };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
