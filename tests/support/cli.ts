/** What a program did. */
export interface Ran {
  /** Exit code. */
  readonly code: number;
  /** All of standard output. */
  readonly stdout: string;
  /** All of standard error. */
  readonly stderr: string;
}

/** How a program is run. */
export interface RunProgramOptions {
  /** Set in addition to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads. Default: nothing. */
  readonly stdin?: string;
  /** Default: ours. */
  readonly cwd?: string;
  /** The program is killed, and the test fails, after this. Default 30 s. */
  readonly timeoutMs?: number;
}

const root = new URL("../..", import.meta.url);

/**
 * Runs the command line from the sources.
 *
 * @param args Words after `superorch`.
 * @param options How.
 * @returns Its end.
 */
export function superorch(
  args: readonly string[],
  options: RunProgramOptions = {},
): Promise<Ran> {
  // Quiet, as Deno itself would tell on standard error what it downloads on a fresh machine.
  return deno(["run", "-q", "-A", new URL("cli/main.ts", root).href, ...args], options);
}

/**
 * Runs this very Deno.
 *
 * @param args Its words.
 * @param options How.
 * @returns Its end.
 */
export function deno(args: readonly string[], options: RunProgramOptions = {}): Promise<Ran> {
  return runProgram(Deno.execPath(), args, options);
}

/**
 * Runs a program to its end.
 *
 * @param program Name or path.
 * @param args Its words.
 * @param options How.
 * @returns Its end.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunProgramOptions = {},
): Promise<Ran> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const child = new Deno.Command(program, {
    args: [...args],
    env: options.env,
    cwd: options.cwd,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (late) {
    throw new Error(
      `"${program} ${args.join(" ")}" took more than ${timeoutMs} ms; it wrote:\n` +
        decode(stdout) + decode(stderr),
    );
  }
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}
