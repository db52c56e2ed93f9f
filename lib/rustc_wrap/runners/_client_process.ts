import type { Env } from "../model.ts";

/** How a client is started. */
export interface ClientCall {
  /** Its words. */
  readonly args: readonly string[];
  /** All of its variables. */
  readonly env: Env;
  /** Where it runs. Default: here. */
  readonly cwd?: string;
  /** What it reads. */
  readonly stdin: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** A client that has ended. */
export interface Ended {
  /** Its exit code. */
  readonly code: number;
  /** The last of what it complained. */
  readonly text: string;
}

/** More than any failure says; progress is longer. */
const KEPT_CHARACTERS = 256 * 1024;

/** Variables that would make a client another one than that which was probed. */
const OURS = { DOCKER_BUILDKIT: "1", BUILDKIT_PROGRESS: "plain" };

/** Starts a client program. */
export function startClient(path: string, call: ClientCall): Deno.ChildProcess {
  const { args, env, cwd, stdin, signal } = call;
  const child = new Deno.Command(path, {
    args: [...args],
    cwd,
    env: { ...env, ...OURS },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // SIGTERM, which is the default: the client then tells its server.
    signal,
  }).spawn();
  // A client that has seen enough, or failed, reads no more.
  stdin.pipeTo(child.stdin).catch(() => {});
  return child;
}

/** Waits for the end of a client. */
export async function ended(child: Deno.ChildProcess): Promise<Ended> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of child.stderr) {
    text = (text + decoder.decode(part, { stream: true })).slice(-KEPT_CHARACTERS);
  }
  return { code: (await child.status).code, text };
}
