import type { RunPlan } from "../lib/buildr/plan/model.ts";
import { mayRunTogether } from "../lib/buildr/report/parallel.ts";
import { RESULT_COLUMNS, resultRows } from "../lib/buildr/report/table.ts";
import type { RunEvent } from "../lib/buildr/run/events.ts";
import type { NodeResult, RunResult } from "../lib/buildr/run/result.ts";
import { LineSplitter } from "../lib/commands/output/mod.ts";
import { formatDuration } from "../lib/retry/mod.ts";
import { TerminalText } from "./live/terminal_text.ts";
import { escapeControl, formatTable, type Output } from "./output.ts";

/** How much is shown. */
export interface ConsoleOptions {
  /** How many stages run at a time. */
  readonly jobs: number;
  /** Only the output of scripts, and failures. */
  readonly quiet: boolean;
  /** Also when stages start and end. */
  readonly verbose: boolean;
  /** Also each line of a script. */
  readonly debug: boolean;
  /** Whether lines begin with their time. */
  readonly timestamps: boolean;
  /** Words that run a node again. */
  readonly again: (node: NodeResult) => string;
}

/** Longest name in front of a line. */
const PREFIX_LENGTH = 48;

const COLOURS = [36, 33, 35, 32, 34];

/**
 * Shows a run to a person: output of scripts on standard output, all else on standard error.
 *
 * Where only one stage can run at a time its output is passed on byte for byte. Where several can,
 * each line is written whole, after the name of its stage.
 */
export class BuildrConsole {
  readonly #output: Output;
  readonly #options: ConsoleOptions;
  readonly #prefixes: ReadonlyMap<string, string>;
  readonly #byLine: boolean;
  /** What has been shown with its place in the file. */
  readonly #known: ReadonlySet<string>;
  readonly #splitters = new Map<string, LineSplitter>();
  readonly #decoder = new TextDecoder();
  /** Whether raw output has left the cursor in the middle of a line of a terminal. */
  #openLine = false;
  #held: Promise<void> | undefined;

  /**
   * Makes a console.
   *
   * @param output Where it prints.
   * @param plan What is run.
   * @param options How much is shown.
   */
  constructor(output: Output, plan: RunPlan, options: ConsoleOptions) {
    this.#output = output;
    this.#options = options;
    const together = mayRunTogether(plan, options.jobs);
    this.#byLine = together || options.timestamps;
    this.#known = new Set(plan.warnings.map(({ message }) => message));
    this.#prefixes = together ? prefixesOf(plan, output.out.colour) : new Map();
  }

  /** Takes output of a script. */
  write(node: string, stream: "stdout" | "stderr", bytes: Uint8Array): void | Promise<void> {
    if (this.#held !== undefined) return this.#held.then(() => this.#write(node, stream, bytes));
    this.#write(node, stream, bytes);
  }

  /** Takes what happens. */
  take(event: RunEvent): void | Promise<void> {
    if (this.#held !== undefined) return this.#held.then(() => this.#take(event));
    this.#take(event);
  }

  /** Shows nothing until something is over that has the terminal for itself. */
  async hold(work: () => Promise<unknown>): Promise<void> {
    const before = this.#held;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    await before;
    try {
      await work();
    } finally {
      if (this.#held === promise) this.#held = undefined;
      resolve();
    }
  }

  #write(node: string, stream: string, bytes: Uint8Array): void {
    if (!this.#byLine) {
      const { out } = this.#output;
      if (out.writeBytes === undefined) out.write(this.#decoder.decode(bytes, { stream: true }));
      else out.writeBytes(bytes);
      this.#openLine = bytes.at(-1) !== 10;
      return;
    }
    const key = `${node}\0${stream}`;
    let splitter = this.#splitters.get(key);
    if (splitter === undefined) this.#splitters.set(key, splitter = new LineSplitter());
    this.#lines(node, splitter.push(bytes));
  }

  #lines(node: string, lines: readonly string[]): void {
    if (lines.length === 0) return;
    const time = this.#options.timestamps ? `${new Date().toISOString()} ` : "";
    const prefix = time + (this.#prefixes.get(node) ?? "");
    this.#output.out.write(lines.map((line) => `${prefix}${line}\n`).join(""));
  }

  #flush(node: string): void {
    for (const stream of ["stdout", "stderr"]) {
      this.#lines(node, this.#splitters.get(`${node}\0${stream}`)?.flush() ?? []);
      this.#splitters.delete(`${node}\0${stream}`);
    }
  }

  #say(text: string): void {
    // On a terminal both streams meet; elsewhere the output must stay as it is.
    const lead = this.#openLine && this.#output.out.terminal && this.#output.err.terminal;
    this.#openLine = false;
    this.#output.err.write(`${lead ? "\n" : ""}${text}\n`);
  }

  #take(event: RunEvent): void {
    const { quiet, verbose, debug } = this.#options;
    switch (event.type) {
      case "note": {
        const isWarning = event.level === "warning";
        if (isWarning && event.node === undefined && this.#known.has(event.message)) return;
        if (!isWarning && (quiet || event.node !== undefined && !verbose && !debug)) return;
        const about = event.node === undefined ? "" : `${event.node}: `;
        return this.#say(`${isWarning ? "Warning: " : ""}${about}${safe(event.message)}`);
      }
      case "stage_started": {
        if (quiet || !verbose && !debug) return;
        const attempt = event.attempt > 1 ? `, attempt ${event.attempt}` : "";
        return this.#say(`${event.node}: started in ${event.image}${attempt}`);
      }
      case "script_started":
        if (debug && !quiet) this.#say(`${event.node}: ${event.where}: ${safe(event.command)}`);
        return;
      case "script_finished":
        this.#flush(event.node);
        return;
      case "stage_retry": {
        this.#flush(event.node);
        if (quiet) return;
        const pause = event.delayMs > 0 ? ` in ${formatDuration(event.delayMs)}` : "";
        return this.#say(`${event.node}: ${firstLine(event.message)}; tried again${pause}`);
      }
      case "stage_skipped":
        if (verbose || debug) this.#say(`${event.node}: skipped, ${event.result.reason}`);
        return;
      case "stage_finished": {
        this.#flush(event.node);
        const { status, wallMs, reason, failure } = event.result;
        const bad = status !== "passed";
        if (quiet && (!bad || status === "allowed")) return;
        const time = formatDuration(wallMs >= 1000 ? Math.round(wallMs / 100) * 100 : wallMs);
        const why = reason === undefined ? "" : ` (${reason})`;
        // One that may fail is not told of at the end.
        const what = status === "allowed" && failure !== undefined
          ? `: ${firstLine(failure.message)}`
          : "";
        return this.#say(`${event.node}: ${this.#paint(status)}${why} in ${time}${what}`);
      }
      case "run_finished":
        return this.#finish(event.result);
    }
  }

  #finish(result: RunResult): void {
    const { err } = this.#output;
    const { quiet, verbose, debug } = this.#options;
    const shown = result.nodes.filter(({ status, attempts }) =>
      attempts > 0 || status !== "skipped" || verbose || debug || result.status !== "passed"
    );
    if (!quiet && result.nodes.length > 1 && shown.length > 0) {
      this.#say("");
      err.write(formatTable(RESULT_COLUMNS, resultRows(shown), { ...err, terminal: true }));
    } else if (!quiet && result.nodes.length === 0) err.write("Nothing to run\n");
    for (const node of result.nodes) if (node.failure !== undefined) this.#failure(node);
  }

  #failure(node: NodeResult): void {
    const { failure, status, keptContainer } = node;
    if (failure === undefined || status === "allowed") return;
    const { err } = this.#output;
    const { command, where, message, lastLines } = failure;
    const [first = "", ...more] = message.split("\n");
    const lines = [
      `\n${err.colour ? `\x1b[1;31m${node.id}\x1b[0m` : node.id} ${
        failure.cause === "timeout" ? "timed out" : "failed"
      }: ${safe(first)}`,
      ...more.map((line) => `  ${safe(line)}`),
    ];
    if (command !== undefined) lines.push(`  ${where}: ${safe(command)}`);
    for (const line of lastLines) {
      const text = new TerminalText(err.colour);
      lines.push(`  | ${text.push(line.replaceAll("\t", "    "))}${text.flush()}`);
    }
    if (keptContainer !== undefined) {
      lines.push(`  its container is kept: superorch exec ${keptContainer} sh`);
    }
    lines.push(`  again: ${this.#options.again(node)}`);
    err.write(`${lines.join("\n")}\n`);
  }

  #paint(status: string): string {
    if (!this.#output.err.colour) return status;
    const colour = status === "passed" ? 32 : status === "allowed" ? 33 : 31;
    return `\x1b[${colour}m${status}\x1b[0m`;
  }
}

function prefixesOf(plan: RunPlan, colour: boolean): ReadonlyMap<string, string> {
  const all = [...plan.nodes, ...plan.after === undefined ? [] : [plan.after]];
  const active = all.filter(({ skip }) => skip === undefined).map(({ id }) => id);
  const width = Math.max(0, ...active.map((id) => shortened(id).length));
  return new Map(active.map((id, index) => {
    const text = `${shortened(id).padEnd(width)} │ `;
    return [id, colour ? `\x1b[${COLOURS[index % COLOURS.length]}m${text}\x1b[0m` : text];
  }));
}

/** A row with long values must not push its output out of sight. */
function shortened(id: string): string {
  if (id.length <= PREFIX_LENGTH) return id;
  const half = (PREFIX_LENGTH - 2) / 2;
  return `${id.slice(0, half).toWellFormed()}…${id.slice(-half).toWellFormed()}`;
}

function safe(text: string): string {
  return escapeControl(text.replaceAll("\t", "    "));
}

function firstLine(text: string): string {
  return safe(text.split("\n")[0] ?? "");
}
