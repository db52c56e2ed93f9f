import { command } from "../../commands/mod.ts";
import { OrchestraError } from "../errors.ts";

/** What is shown of the output of a script that failed: its end. */
const SHOWN_BYTES = 256 * 1024;
/** A script in one argument may be so long (Linux: 128 KiB); a longer one is read from a file. */
const ARGUMENT_LIMIT_BYTES = 120_000;

/** Whether a program is too long for one argument of another one. */
export function isTooLong(program: string): boolean {
  return new TextEncoder().encode(program).length > ARGUMENT_LIMIT_BYTES;
}

/** A script of a configuration, or one of our own, has failed. */
export class ScriptFailedError extends OrchestraError {
  /** The name of the class. */
  override readonly name: string = "ScriptFailedError";
  /** Its exit code; 128 and the number of the signal if one ended it. */
  readonly code: number;
  /** The end of what it printed. */
  readonly output: string;

  /**
   * Makes the error.
   *
   * @param code Its exit code.
   * @param output The end of what it printed.
   * @param isShown Whether the user has not seen the output yet.
   */
  constructor(code: number, output: string, isShown: boolean) {
    const shown = isShown ? `\nOutput stream:\n${output}` : "";
    super(`Script failed with exit code ${code}${shown}`);
    this.code = code;
    this.output = output;
  }
}

/** How a script is run. */
export interface RunScriptOptions {
  /** Further variables, of the process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Takes what it prints while it runs, both streams in one. Default: shown when it fails. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /** Keeps what it prints in this file, whose directory exists. */
  readonly logFile?: string;
  /** Is told in the end if that could not be written to; the script goes on. Default: nobody is. */
  readonly onLogError?: (error: Error) => void;
  /** Runs it elsewhere than in a process of this machine. */
  readonly runner?: ScriptRunner;
  /** Ends it, with everything that it has started. */
  readonly signal?: AbortSignal;
}

/** Runs a whole bash program somewhere, both streams in one. */
export type ScriptRunner = (
  program: string,
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly onOutput: (chunk: Uint8Array) => void;
    readonly signal?: AbortSignal;
  },
) => Promise<number>;

/**
 * Runs a script with bash. It is ended
 * when this program ends, also by SIGKILL, so that no build goes on in a directory that the next
 * run uses.
 *
 * Permissions: `--allow-run`; `--allow-write` of the log file.
 *
 * @param program The script, with its strict mode and its variables in front.
 * @param options Variables, outputs, signal.
 * @throws {ScriptFailedError} when it fails.
 */
export async function runScript(program: string, options: RunScriptOptions): Promise<void> {
  const { onOutput, logFile, onLogError = () => {}, runner, env = {}, signal } = options;
  const tail = new Tail(SHOWN_BYTES);
  using log = logFile === undefined ? undefined : await Deno.open(logFile, {
    write: true,
    create: true,
    truncate: true,
  });
  let logError: Error | undefined;
  const take = (chunk: Uint8Array) => {
    tail.add(chunk);
    onOutput?.(chunk);
    try {
      for (let done = 0; log !== undefined && logError === undefined && done < chunk.length;) {
        done += log.writeSync(chunk.subarray(done));
      }
    } catch (error) {
      // What the script says about the full disk is worth more than its log.
      logError = error as Error;
    }
  };
  const run = runner ?? runHere;
  const code = await run(program, { env, onOutput: take, signal });
  if (logError !== undefined) onLogError(logError);
  if (code !== 0) throw new ScriptFailedError(code, tail.text(), onOutput === undefined);
}

const runHere: ScriptRunner = async (program, { env, onOutput, signal }) => {
  const file = isTooLong(program)
    ? await Deno.makeTempFile({ prefix: "orchestra-script-" })
    : undefined;
  try {
    if (file !== undefined) await Deno.writeTextFile(file, program);
    const words = file === undefined ? ["-c", program] : [file];
    // One pipe for both streams keeps their order.
    const bash = command(["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", "/bin/bash", ...words], {
      env,
      record: false,
      dieWithParent: true,
    });
    const result = await bash.runToCompletion({
      group: true,
      signal,
      sinks: { stdout: [{ write: onOutput }] },
    });
    return result.code;
  } finally {
    if (file !== undefined) await Deno.remove(file);
  }
};

class Tail {
  readonly #limitBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk.slice());
    this.#bytes += chunk.length;
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= this.#limitBytes) {
      this.#bytes -= this.#chunks.shift()?.length ?? 0;
    }
  }

  text(): string {
    const decoder = new TextDecoder();
    const text = this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
    return text + decoder.decode();
  }
}
