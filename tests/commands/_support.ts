import { eventually } from "../../lib/retry/mod.ts";
import type { OutputWriter } from "../../lib/commands/output/mod.ts";

/** A directory that is gone after the test. */
export async function tempDir(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "superorch-commands-" }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Collects what is written to it. */
export class Collected implements OutputWriter {
  readonly #chunks: Uint8Array[] = [];
  readonly #terminal: boolean;

  constructor({ terminal = false } = {}) {
    this.#terminal = terminal;
  }

  write(bytes: Uint8Array): Promise<number> {
    this.#chunks.push(bytes.slice());
    return Promise.resolve(bytes.length);
  }

  isTerminal(): boolean {
    return this.#terminal;
  }

  get text(): string {
    return new TextDecoder().decode(concat(this.#chunks));
  }
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

let marks = 0;

/** Arguments for `sleep` that no other process has: about `seconds`, told apart by a fraction. */
export function uniqueSleep(seconds: number): string {
  return `${seconds}.${String(Deno.pid).padStart(8, "0")}${String(++marks).padStart(4, "0")}`;
}

/** Pids of the living processes that have a word in their command line. */
export function processesWith(word: string): number[] {
  const pids: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // A zombie has no command line.
      const words = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0");
      if (words.includes(word)) pids.push(Number(name));
    } catch {
      // ended while we looked
    }
  }
  return pids;
}

/** Waits, bounded, until something holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(holds, 10_000, { what, pollMs: 10 });
}

/** Starts one of `programs/` in its own Deno. */
export function startProgram(name: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", programPath(name), ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
}

export function programPath(name: string): string {
  return new URL(`programs/${name}`, import.meta.url).pathname;
}
