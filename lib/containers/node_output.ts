import {
  ForwardSink,
  nextColour,
  OutputRecorder,
  type OutputSink,
  type OutputWriter,
  RotatingLog,
  wantsColour,
} from "../commands/output/mod.ts";
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
}

/** Enough for a test suite's output; 200 containers that all fill it still fit into 2 GiB. */
const RECORD_LIMIT_BYTES = 4 * 1024 * 1024;

/** What one node writes: a bounded tail in memory, a file each, a live view with prefixes. */
export class NodeOutput {
  /** The output. */
  readonly stdout: OutputRecorder;
  /** The error output. */
  readonly stderr: OutputRecorder;
  /** Files that are written, in the order stdout, stderr. */
  readonly logFiles: readonly string[];

  private constructor(
    stdout: OutputRecorder,
    stderr: OutputRecorder,
    logFiles: readonly string[],
  ) {
    this.stdout = stdout;
    this.stderr = stderr;
    this.logFiles = logFiles;
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
    const tailLimitBytes = options.recordLimitBytes ?? RECORD_LIMIT_BYTES;
    const files: string[] = [];
    const recorder = async (stream: "stdout" | "stderr") => {
      const sinks: OutputSink[] = [];
      if (options.forward ?? settings.forward) {
        const writer = settings[stream];
        const mark = stream === "stdout" ? " " : "E";
        const prefix = `${name.padEnd(prefixWidth)} ${mark}| `;
        sinks.push(new ForwardSink(wantsColour(writer) ? nextColour(prefix) : prefix, writer));
      }
      if (settings.logDir !== undefined && options.log !== false) {
        const path = `${settings.logDir}/${name}_${stream}.log`;
        sinks.push(await RotatingLog.open(path, { limitBytes: options.logLimitBytes }));
        files.push(path);
      }
      return new OutputRecorder({ tailLimitBytes, sinks });
    };
    const stdout = await recorder("stdout");
    const stderr = await recorder("stderr");
    return new NodeOutput(stdout, stderr, files);
  }

  /** Settles when everything is written to where it belongs. */
  async end(): Promise<void> {
    await Promise.all([this.stdout.end(), this.stderr.end()]);
  }
}
