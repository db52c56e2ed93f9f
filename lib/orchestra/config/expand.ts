import { command } from "../../commands/mod.ts";
import { OrchestraError } from "../errors.ts";

/** How templates are expanded. */
export interface ExpandOptions {
  /** Absolute path of the directory of templates. */
  readonly directory: string;
  /** A program that is run as `ytt`. Default: the built-in engine. */
  readonly ytt?: string;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** Longer than anybody waits for a configuration. */
const LIMIT_MS = 300_000;
/** Far more than the largest configuration that is known, which expands to 1 MB. */
const LIMIT_BYTES = 256 * 1024 * 1024;

/** Most who meet an error of ytt for the first time have edited this file. */
const USER_OPTIONS_HINT = `
config/user_options.yml is your own file, of data values (#@data/values). A key that no other file
has needs "#@overlay/match missing_ok=True" above it. A list is added to what is there, unless
"#@overlay/replace" stands above it. Without the file, orc writes a new one.`;

/**
 * Expands the templates of a directory.
 *
 * Permissions: `--allow-read` of the directory and of what links in it lead to; `--allow-run` of
 * the program, if one is given.
 *
 * @param options What, and by what.
 * @param format `pos` shows the source line of every node.
 * @returns What `ytt` prints.
 * @throws {OrchestraError} when a template is wrong, with the texts of the engine.
 */
export async function expand(options: ExpandOptions, format: "yaml" | "pos"): Promise<string> {
  const { directory, ytt, signal } = options;
  const args = ["--dangerous-allow-all-symlink-destinations", "-f", directory];
  if (format === "pos") args.push("-o", "pos");
  const failed = (output: string) => {
    const command = [ytt ?? "ytt", ...args].join(" ");
    const hint = /\buser_options\.yml\b/.test(output) ? USER_OPTIONS_HINT : "";
    return new OrchestraError(`ytt error (${command})\n${output.trimEnd()}${hint}`);
  };
  if (ytt !== undefined) {
    const program = command([ytt, ...args], { recordLimitBytes: LIMIT_BYTES });
    const running = program.runToCompletion({ signal, timeoutMs: LIMIT_MS });
    const result = await running.catch((error) => {
      signal?.throwIfAborted();
      throw failed((error as Error).message);
    });
    if (!result.success) throw failed(result.stdoutText() + result.stderrText());
    return result.stdoutText();
  }
  const { readFiles, render, YttError } = await import("../../ytt/mod.ts");
  try {
    // In front of "=" stands another name for the files, which a path may not be taken for.
    const files = await readFiles([`=${directory}`], { allowSymlinks: true });
    const timeLimitMs = LIMIT_MS;
    return (await render({ files, signal, timeLimitMs })).output(format);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof YttError) throw failed(`ytt: Error: ${error.describe()}`);
    throw error;
  }
}

/**
 * Reads what `ytt` has printed.
 *
 * @param text YAML 1.1.
 * @returns Plain data.
 * @throws {OrchestraError} when it is not exactly one document.
 */
export async function parseExpanded(text: string): Promise<unknown> {
  const { readYaml } = await import("../../ytt/yaml/read.ts");
  const { toPlain } = await import("../../ytt/yaml/plain.ts");
  let documents: unknown[];
  try {
    documents = readYaml(text, { withoutComments: true }).items
      .filter((document) => !document.isEmpty()).map(({ value }) => toPlain(value));
  } catch (error) {
    throw new OrchestraError(
      `Cannot read the expanded configuration: ${(error as Error).message}`,
    );
  }
  if (documents.length !== 1) {
    const count = documents.length === 0 ? "no document" : `${documents.length} documents`;
    throw new OrchestraError(
      `The templates of the configuration must expand to exactly one document, and give ${count}`,
    );
  }
  return documents[0];
}
