import type { ReadEnv } from "../state.ts";

/**
 * A `PATH` with the directories of system programs: `su` without `-` and ordinary users of Debian
 * do not have them, and dockerd looks for iptables there.
 */
export function systemPath(env: ReadEnv): string {
  const known = (env("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(":");
  const system = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
  return [...known, ...system.filter((directory) => !known.includes(directory))]
    .filter((directory) => directory.startsWith("/")).join(":");
}

/** Finds a program in the `PATH` of {@linkcode systemPath}. */
export async function findProgram(name: string, env: ReadEnv): Promise<string | undefined> {
  for (const directory of systemPath(env).split(":")) {
    const path = `${directory}/${name}`;
    try {
      const info = await Deno.stat(path);
      if (info.isFile && ((info.mode ?? 0) & 0o111) !== 0) return path;
    } catch {
      // not in this directory
    }
  }
  return undefined;
}

/** What a program that ran to its end left. */
export interface ProgramResult {
  /** Its exit code; 127 when it could not be started. */
  readonly code: number;
  /** Its standard output. */
  readonly stdout: string;
  /** Its standard error, or why it could not be started. */
  readonly stderr: string;
}

/** Runs a program to its end, with messages in English so that they can be understood. */
export async function runProgram(
  argv: readonly string[],
  options: {
    readonly env: ReadEnv;
    readonly variables?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
  },
): Promise<ProgramResult> {
  options.signal?.throwIfAborted();
  const [program = "", ...args] = argv;
  try {
    const output = await new Deno.Command(program, {
      args,
      env: { PATH: systemPath(options.env), LC_ALL: "C", ...options.variables },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: options.signal,
    }).output();
    options.signal?.throwIfAborted();
    const decoder = new TextDecoder();
    return {
      code: output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { code: 127, stdout: "", stderr: error instanceof Error ? error.message : `${error}` };
  }
}

/** The last line with something in it, which is where most programs say why they failed. */
export function lastLine(text: string): string {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "").at(-1) ?? "";
}
