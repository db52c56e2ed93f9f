import type { Job, Operation } from "./_job.ts";
import type { Said } from "./_serve.ts";

/** What one measurement gives. */
export interface Figure {
  /** Time on the wall. */
  readonly ms: number;
  /** Processor time of the client and the programs that it ran. */
  readonly cpuMs: number;
}

/** A client in its process. */
export interface ClientProcess extends AsyncDisposable {
  /** Name of its column. */
  readonly name: string;
  /** What it can do. */
  readonly can: ReadonlySet<Operation>;
  /** Has it do one thing. */
  measure(operation: Operation, job: Job): Promise<Figure>;
}

/** The longest that anything measured may take. */
const LIMIT_MS = 120_000;

/**
 * Starts a client.
 *
 * @param name Name of its column.
 * @param file Its file in this folder.
 * @param host The engine.
 * @returns The client, or why it cannot run here.
 */
export async function spawnClient(
  name: string,
  file: string,
  host: string,
): Promise<ClientProcess | { readonly skip: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-lock", new URL(file, import.meta.url).href, host],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const hear = async (): Promise<Said> => {
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    try {
      while (!text.includes("\n")) {
        const { done, value } = await reader.read();
        if (done) return { error: "its process has ended" };
        text += value;
      }
    } finally {
      clearTimeout(timer);
    }
    const end = text.indexOf("\n");
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    return JSON.parse(line);
  };
  const end = async () => {
    await writer.close().catch(() => {}); // it may have ended by itself
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    while (!(await reader.read()).done);
    await child.status;
    clearTimeout(timer);
  };
  const first = await hear();
  if (!("ready" in first)) {
    await end();
    return { skip: "error" in first ? first.error : "it says something else" };
  }
  return {
    name,
    can: new Set(first.ready),
    async measure(operation, job) {
      await writer.write(new TextEncoder().encode(`${JSON.stringify({ operation, job })}\n`));
      const said = await hear();
      if ("ms" in said) return said;
      const reason = "error" in said ? said.error : "it says something else";
      throw new Error(`${name}, ${operation}: ${reason}`);
    },
    [Symbol.asyncDispose]: end,
  };
}
