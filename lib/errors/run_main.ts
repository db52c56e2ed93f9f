import { renderError } from "./render.ts";

/** What {@linkcode runMain} writes to and ends with; for tests and for other streams. */
export interface RunMainOptions {
  /** Takes the text of a failure. Default: standard error. */
  readonly write?: (text: string) => void;
  /** Whether to colour the text. Default: standard error is a terminal and `NO_COLOR` is unset. */
  readonly colour?: boolean;
  /** Ends the process. Default `Deno.exit`. */
  readonly exit?: (code: number) => void;
}

/**
 * Runs a program's main function and turns what it throws into a rendered chain and exit code 1.
 *
 * Permissions: none needed; `--allow-env=NO_COLOR` lets it see that variable.
 *
 * @param main The program. A number that it returns is the exit code.
 * @param options Where failures go.
 * @returns A promise that settles when `main` is through.
 */
export async function runMain(
  main: () => Promise<number | void> | number | void,
  options: RunMainOptions = {},
): Promise<void> {
  const exit = options.exit ?? ((code: number) => Deno.exit(code));
  try {
    const code = await main();
    if (typeof code === "number" && code !== 0) exit(code);
  } catch (thrown) {
    const colour = options.colour ?? wantsColour();
    const write = options.write ??
      ((text: string) => void Deno.stderr.writeSync(new TextEncoder().encode(text)));
    write(`Error: ${renderError(thrown, { colour })}\n`);
    exit(1);
  }
}

function wantsColour(): boolean {
  if (!Deno.stderr.isTerminal()) return false;
  try {
    return !Deno.env.get("NO_COLOR");
  } catch {
    return true; // not allowed to read the variable: the terminal decides
  }
}
