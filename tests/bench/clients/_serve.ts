import process from "node:process";
import { type Job, type Operation, TEN } from "./_job.ts";

/** Does one thing; what it gives back is done after the clock has stopped. */
export type Work = (job: Job) => Promise<(() => Promise<unknown>) | void>;

/** A client that can do some of what is measured. */
export interface Client {
  /** What it can do; rows of ten cycles are made of `cycle` where they are not here. */
  readonly works: Partial<Record<Operation, Work>>;
  /** Removes what it keeps. */
  close(): Promise<unknown>;
}

/** What a client says about itself, then about each job. */
export type Said =
  | { readonly ready: readonly Operation[] }
  | { readonly ms: number; readonly cpuMs: number }
  | { readonly error: string };

/**
 * Serves one client: a job a line on standard input, its figures a line on standard output.
 *
 * Each client is a process of its own, so that processor time and garbage are its own too.
 */
export async function serve(open: () => Promise<Client>): Promise<void> {
  const say = (said: Said) => console.log(JSON.stringify(said));
  let client: Client;
  try {
    client = await open();
  } catch (error) {
    return say({ error: textOf(error) });
  }
  const works = { ...ofTen(client.works.cycle), ...client.works };
  say({ ready: Object.keys(works) as Operation[] });
  // Projects that are up: what outlives its program is no sweep's business.
  const standing = new Map<string, Job>();
  for await (const line of lines(Deno.stdin.readable)) {
    const { operation, job } = JSON.parse(line) as { operation: Operation; job: Job };
    if (operation === "up") standing.set(job.id, job);
    try {
      const beginCpu = await cpuMs();
      const begin = performance.now();
      const cleanUp = await works[operation]!(job);
      const ms = performance.now() - begin;
      const cpu = await cpuMs() - beginCpu;
      await cleanUp?.();
      if (operation === "down") standing.delete(job.id);
      say({ ms, cpuMs: cpu });
    } catch (error) {
      say({ error: textOf(error) });
    }
  }
  for (const job of standing.values()) {
    await Promise.resolve(client.works.down!(job)).catch((error) => console.error(textOf(error)));
  }
  await client.close();
  Deno.exit(0); // a client may have left a timer or a connection open
}

function ofTen(cycle: Work | undefined): Client["works"] {
  if (cycle === undefined) return {};
  const one = async (job: Job, index: number) => {
    await (await cycle({ ...job, id: `${job.id}-${index}` }))?.();
  };
  return {
    sequential: async (job) => {
      for (const index of TEN) await one(job, index);
    },
    parallel: async (job) => {
      await Promise.all(TEN.map((index) => one(job, index)));
    },
  };
}

/** Of this process and of the programs that it has run; those count in steps of 10 ms. */
async function cpuMs(): Promise<number> {
  const { user, system } = process.cpuUsage();
  const stat = await Deno.readTextFile("/proc/self/stat");
  const [childUser, childSystem] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(13, 15);
  return (user + system) / 1000 + (Number(childUser) + Number(childSystem)) * 10;
}

function textOf(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) parts.push(at.message);
  return parts.length > 0 ? parts.join(": ") : String(error);
}

async function* lines(readable: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of readable.pipeThrough(new TextDecoderStream() as TransformStream)) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
