import type { ReadEnv } from "../state.ts";
import { EngineSetupError } from "./engine_setup_error.ts";
import { isAlive, type ProcessIdentity } from "./_processes.ts";
import { findProgram, lastLine, type ProgramResult, runProgram } from "./_programs.ts";

/** How this user runs something as root. */
export interface Privilege {
  /** Words that come before the command; none for root. */
  readonly prefix: readonly string[];
  /** Group that the engine's socket is given to; `undefined` leaves it to dockerd. */
  readonly socketGroup: string | undefined;
  /** Runs a program as root. */
  run(
    argv: readonly string[],
    options?: {
      readonly variables?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal;
    },
  ): Promise<ProgramResult>;
  /** Sends a signal to a process, unless it is gone and its number belongs to another one. */
  kill(target: ProcessIdentity, signal: "TERM" | "KILL"): Promise<void>;
  /** Tells whether two paths lead to the same file. */
  sameFile(a: string, b: string): Promise<boolean>;
}

/** CAP_SYS_ADMIN, without which nothing can be mounted (linux/capability.h). */
const CAP_SYS_ADMIN = 21n;

/**
 * Finds out how to act as root.
 *
 * @param purpose What root is needed for: "start an engine".
 * @throws {EngineSetupError} when this user is neither root nor may use sudo without a password.
 */
export async function gainPrivilege(
  purpose: string,
  env: ReadEnv,
  signal?: AbortSignal,
): Promise<Privilege> {
  if (Deno.uid() === 0) {
    await requireCapability(purpose);
    const run: Privilege["run"] = (argv, options) => runProgram(argv, { env, ...options });
    return withTools([], undefined, run);
  }
  const fail = (problem: string, hint: string) =>
    new EngineSetupError({ step: "privilege", problem: `Cannot ${purpose}: ${problem}`, hint });
  if (await findProgram("sudo", env) === undefined) {
    throw fail("only root can, and sudo is not installed", "run this as root");
  }
  const prefix = ["sudo", "-n", "--"];
  const probe = await runProgram([...prefix, "true"], { env, signal });
  if (probe.code !== 0) {
    throw fail(
      `only root can, and sudo refuses to work without a password (${lastLine(probe.stderr)})`,
      "run sudo -v first, or run this as root",
    );
  }
  // sudo gives its child a clean environment, so what matters is named on the command line.
  const run: Privilege["run"] = (argv, options = {}) => {
    const variables = { LC_ALL: "C", ...proxyVariables(env), ...options.variables };
    const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    return runProgram([...prefix, "env", ...words, ...argv], {
      env,
      signal: options.signal,
    });
  };
  return withTools(prefix, String(Deno.gid()), run);
}

function withTools(
  prefix: readonly string[],
  socketGroup: string | undefined,
  run: Privilege["run"],
): Privilege {
  return {
    prefix,
    socketGroup,
    run,
    kill: async (target, name) => {
      // The shell's own kill: the program of that name is in a package that may be missing.
      if (await isAlive(target)) {
        await run(["sh", "-c", 'kill -s "$1" "$2"', "sh", name, `${target.pid}`]);
      }
    },
    sameFile: async (a, b) => {
      const { code, stdout } = await run(["stat", "-L", "-c", "%d:%i", "--", a, b]);
      const [first, second] = stdout.split("\n");
      return code === 0 && first === second;
    },
  };
}

/** How this network reaches others; apt and dockerd both need it. */
function proxyVariables(env: ReadEnv): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of ["http_proxy", "https_proxy", "no_proxy"]) {
    for (const spelling of [name, name.toUpperCase()]) {
      const value = env(spelling);
      if (value) found[spelling] = value;
    }
  }
  return found;
}

async function requireCapability(purpose: string): Promise<void> {
  const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1];
  if (effective === undefined || (BigInt(`0x${effective}`) >> CAP_SYS_ADMIN & 1n) === 1n) return;
  throw new EngineSetupError({
    step: "privilege",
    problem: `Cannot ${purpose}: root is not allowed to mount file systems here`,
    hint: "in a container, start it with --privileged or give it the socket of an engine",
  });
}
