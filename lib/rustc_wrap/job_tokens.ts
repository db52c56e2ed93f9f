import type { Env } from "./model.ts";

/** What a program in a container may do at a time, taken from cargo's job server. */
export interface HeldJobs {
  /** How much; `undefined`: nobody has said anything, and it may do as it likes. */
  readonly jobs: number | undefined;
  /** Gives back what was taken. */
  release(): void;
}

/** Nobody holds more for one container: a pipe has room for 4096 at least. */
const MOST = 1024;

/**
 * Takes tokens of cargo's job server (that of make) for a program that cannot reach it. Every program
 * has one job of its own; half of what is free beside is taken, and the other half left for units
 * that become ready meanwhile.
 *
 * @param env Variables: `CARGO_MAKEFLAGS`, or those of make itself.
 * @param most How much the program could do at a time.
 * @returns What is held; release it when the program has ended.
 * @see https://www.gnu.org/software/make/manual/html_node/POSIX-Jobserver.html
 */
export async function holdJobs(env: Env, most: number): Promise<HeldJobs> {
  const server = jobServer(env);
  if (server === undefined) return { jobs: undefined, release() {} };
  const wanted = Math.min(MOST, most - 1);
  const taken = wanted > 0 ? await takeFree(server.read, wanted * 2) : new Uint8Array();
  const held = taken.subarray(0, Math.min(wanted, Math.ceil(taken.length / 2)));
  giveBack(server.write, taken.subarray(held.length));
  return { jobs: held.length + 1, release: () => giveBack(server.write, held) };
}

/** How many threads rustc would make code with: it makes as many units of it when nothing is said. */
const CODEGEN_UNITS = 16;

/**
 * How much rustc could do at a time.
 *
 * @param argv Its words.
 * @param emit What it makes.
 * @returns The number of threads that make code.
 */
export function compileJobs(argv: readonly string[], emit: readonly string[]): number {
  if (emit.length > 0 && !emit.some((kind) => /^(?:link|obj|asm|llvm)/.test(kind))) return 1;
  const written = [...argv.join(" ").matchAll(/(?:-C|--codegen[ =]) ?codegen-units=(\d+)/g)]
    .at(-1)?.[1];
  return written === undefined ? CODEGEN_UNITS : Math.max(1, Number(written));
}

interface JobServer {
  readonly read: string;
  readonly write: string;
}

/** Where tokens are read from and written to; `undefined` without a job server, or off Linux. */
function jobServer(env: Env): JobServer | undefined {
  const flags = env["CARGO_MAKEFLAGS"] ?? env["MAKEFLAGS"] ?? env["MFLAGS"];
  const found = [...(flags ?? "").matchAll(/--jobserver-(?:auth|fds)=(\S+)/g)].at(-1)?.[1];
  if (found === undefined) return undefined;
  const pair = /^(\d+),(\d+)$/.exec(found);
  const [read, write] = pair === null
    ? [found.replace(/^fifo:/, ""), found.replace(/^fifo:/, "")]
    : [`/proc/${Deno.pid}/fd/${pair[1]}`, `/proc/${Deno.pid}/fd/${pair[2]}`];
  try {
    // Somebody may have closed what the variable names, and opened something else there.
    const isSame = Deno.statSync(read).ino === Deno.statSync(write).ino;
    return isSame && Deno.statSync(read).isFifo ? { read, write } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Deno cannot ask a pipe without waiting for it, and a read that waits would take a token that
 * nobody gives back; dd can.
 */
async function takeFree(path: string, most: number): Promise<Uint8Array> {
  try {
    const { stdout } = await new Deno.Command("dd", {
      args: [`if=${path}`, "bs=1", `count=${most}`, "iflag=nonblock"],
      stdin: "null",
      stderr: "null",
    }).output();
    return stdout;
  } catch {
    return new Uint8Array(); // no dd: one job is always ours
  }
}

function giveBack(path: string, tokens: Uint8Array): void {
  if (tokens.length === 0) return;
  using pipe = Deno.openSync(path, { write: true });
  for (let rest = tokens; rest.length > 0;) rest = rest.subarray(pipe.writeSync(rest));
}
