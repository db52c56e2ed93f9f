import {
  ForwardSink,
  nextColour,
  OutputRecorder,
  type OutputSink,
  type OutputWriter,
  RotatingLog,
  wantsColour,
} from "../commands/output/mod.ts";
import { LineWatch } from "./_line_watch.ts";
import type { NodeOptions } from "./spec.ts";

/** Where the outputs of all nodes of a network go. */
export interface OutputSettings {
  /** Directory of the log files; without it there are none. */
  readonly logDir?: string;
  /** Whether outputs are shown live unless a node says otherwise. */
  readonly forward: boolean;
  /** Takes the live view of outputs. */
  readonly stdout: OutputWriter & { isTerminal?(): boolean };
  /** Takes the live view of error outputs. */
  readonly stderr: OutputWriter & { isTerminal?(): boolean };
  /** Takes each line, where somebody wants them. */
  readonly onLine?: (name: string, stream: "stdout" | "stderr", line: string) => void;
  /** Told when a log file could not be written to its end. */
  readonly onWarning: (text: string) => void;
}

/** Enough for a test suite's output; 200 containers that all fill it still fit into 2 GiB. */
const RECORD_LIMIT_BYTES = 4 * 1024 * 1024;

/** One output: a bounded tail in memory, a file, a live view, and whoever watches its lines. */
interface OutputStream {
  readonly recorder: OutputRecorder;
  readonly lines: LineWatch;
}

/** What one node writes: a bounded tail in memory, a file each, a live view with prefixes. */
export class NodeOutput {
  /** Files that are written, in the order stdout, stderr. */
  readonly logFiles: readonly string[];
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly #onWarning: (text: string) => void;
  #ended: Promise<void> | undefined;

  private constructor(
    stdout: OutputStream,
    stderr: OutputStream,
    logFiles: readonly string[],
    onWarning: (text: string) => void,
  ) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.logFiles = logFiles;
    this.#onWarning = onWarning;
  }

  /** The output. */
  get stdout(): OutputRecorder {
    return this.#stdout.recorder;
  }

  /** The error output. */
  get stderr(): OutputRecorder {
    return this.#stderr.recorder;
  }

  /**
   * Opens the files and makes the recorders.
   *
   * @param name The node.
   * @param options What the node says.
   * @param settings What the network says.
   * @param prefixWidth Names are padded to this many characters in the live view.
   */
  static async open(
    name: string,
    options: NodeOptions,
    settings: OutputSettings,
    prefixWidth = 0,
  ): Promise<NodeOutput> {
    await using stack = new AsyncDisposableStack();
    const tailLimitBytes = options.recordLimitBytes ?? RECORD_LIMIT_BYTES;
    const files: string[] = [];
    const open = async (stream: "stdout" | "stderr"): Promise<OutputStream> => {
      const lines = new LineWatch();
      const sinks: OutputSink[] = [lines];
      const { onLine } = settings;
      if (onLine !== undefined) {
        lines.watch(new Uint8Array(), (line) => onLine(name, stream, line));
      }
      if (options.forward ?? settings.forward) {
        const writer = settings[stream];
        const mark = stream === "stdout" ? " " : "E";
        const prefix = `${name.padEnd(prefixWidth)} ${mark}| `;
        sinks.push(new ForwardSink(wantsColour(writer) ? nextColour(prefix) : prefix, writer));
      }
      if (settings.logDir !== undefined && options.log !== false) {
        const path = `${settings.logDir}/${name}_${stream}.log`;
        sinks.push(
          stack.use(await RotatingLog.open(path, { limitBytes: options.logLimitBytes })),
        );
        files.push(path);
      }
      return { recorder: new OutputRecorder({ tailLimitBytes, sinks }), lines };
    };
    const stdout = await open("stdout");
    const stderr = await open("stderr");
    stack.move(); // from here on the files are closed by end()
    return new NodeOutput(stdout, stderr, files, settings.onWarning);
  }

  /**
   * Watches the lines of both outputs: those that the tails still hold, then each one as it is
   * completed.
   *
   * @param onLine Takes each line without its end.
   * @returns Dispose of it to end the watch.
   */
  watchLines(onLine: (line: string) => void): Disposable {
    const stack = new DisposableStack();
    for (const { recorder, lines } of [this.#stdout, this.#stderr]) {
      stack.use(lines.watch(recorder.tail.bytes(), onLine));
    }
    return stack;
  }

  /** Settles when everything is written to where it belongs; safe to call twice. */
  end(): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    await Promise.all([this.stdout.end(), this.stderr.end()]);
    for (const error of [...this.stdout.failures, ...this.stderr.failures]) {
      // Whoever looked at the live view and closed it (`| head`) knows that the rest is missing.
      if (isBrokenPipe(error)) continue;
      this.#onWarning(error instanceof Error ? textOf(error) : String(error));
    }
  }
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    error instanceof Error && isBrokenPipe(error.cause);
}

function textOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${textOf(error.cause)}` : error.message;
}
