import type { ActionEvent } from "../lib/orchestra/actions/run_plan.ts";
import type { Log } from "../lib/orchestra/log.ts";
import { actionName, type Plan } from "../lib/orchestra/model.ts";
import type { OrcContext } from "./_orc_context.ts";
import { escapeControl, type Sink } from "./output.ts";

/** How a run is shown. */
export interface LiveViewOptions {
  /** So many actions run at a time. */
  readonly jobs: number;
  /** Whether nothing is shown of what scripts print. */
  readonly quiet: boolean;
}

/** Shown of a line on a terminal whose width is not known. */
const DEFAULT_COLUMNS = 80;

/**
 * Shows what is running: each start as a line of the log, for several jobs each end too; on a
 * terminal also in a line at the bottom and in its title.
 */
export class LiveView {
  readonly #context: OrcContext;
  readonly #sink: Sink;
  readonly #several: boolean;
  readonly #decoder = new TextDecoder();
  readonly #running = new Map<string, string>();
  #total = 0;
  #ended = 0;
  #shown = false;
  #atLineStart = true;

  /**
   * Makes it; nothing is shown yet.
   *
   * @param context Where it shows.
   * @param options How.
   */
  constructor(context: OrcContext, { jobs }: LiveViewOptions) {
    this.#context = context;
    this.#sink = context.options.logToStdout ? context.output.out : context.output.err;
    this.#several = jobs > 1;
  }

  /** Writes a message above the line at the bottom. */
  log: Log = (level, message) => {
    // The scripts of several actions would stand between each other's outputs.
    if (this.#several && message.startsWith("The following script is going to be executed:")) {
      level = "DEBUG";
    }
    this.#hide();
    if (!this.#atLineStart) this.#sink.write("\n");
    this.#atLineStart = true;
    this.#context.log(level, message);
    this.#show();
  };

  /** Takes what is going to happen. */
  begin(plan: Plan): void {
    this.#total = plan.actions.length;
  }

  /** Shows what happens. */
  onEvent(event: ActionEvent): void {
    switch (event.kind) {
      case "start":
        this.#running.set(event.id, actionName(event.action));
        this.log("INFO", `Executing Action ${actionName(event.action)}`);
        this.#title();
        break;
      case "output":
        return this.#output(event.chunk);
      case "done":
      case "failed":
        this.#ended++;
        this.#running.delete(event.id);
        if (this.#several) {
          const seconds = (event.durationMs / 1000).toFixed(1);
          this.#tell(event.id, `${event.kind} after ${seconds} s`);
        }
    }
    this.#hide();
    this.#show();
  }

  /** Takes the line away. */
  end(word: string): void {
    this.#hide();
    if (!this.#atLineStart) this.#sink.write("\n");
    this.#atLineStart = true;
    if (this.#sink.terminal && this.#total > 0) this.#sink.write(`\x1b]2;${word}\x07`);
  }

  #tell(id: string, what: string): void {
    this.#hide();
    this.#context.log("INFO", `[${this.#ended}/${this.#total}] ${id}: ${what}`);
  }

  #output(chunk: Uint8Array): void {
    const text = this.#decoder.decode(chunk, { stream: true });
    if (text === "") return;
    this.#hide();
    this.#sink.write(text);
    this.#atLineStart = text.endsWith("\n");
    if (this.#atLineStart) this.#show();
  }

  #line(): string {
    const names = [...this.#running.keys()].join(", ");
    return `[${Math.min(this.#ended + 1, this.#total)}/${this.#total}] Running ${names}`;
  }

  #title(): void {
    if (this.#sink.terminal) this.#sink.write(`\x1b]2;${escapeControl(this.#line())}\x07`);
  }

  #show(): void {
    if (!this.#sink.terminal || this.#running.size === 0 || this.#shown) return;
    this.#shown = true;
    this.#sink.write(`${escapeControl(this.#line()).slice(0, columns() - 1)}\r`);
  }

  #hide(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#sink.write("\x1b[K");
  }
}

function columns(): number {
  try {
    const { columns } = Deno.consoleSize();
    return columns > 20 ? columns : DEFAULT_COLUMNS;
  } catch {
    return DEFAULT_COLUMNS; // a terminal that does not say
  }
}
