import type { UpEvent } from "../../lib/compose/mod.ts";
import type { Output } from "../output.ts";
import { orphanText } from "./live_reporter.ts";
import { LogGate } from "./log_gate.ts";
import type { Reporter } from "./reporter.ts";
import { plainText } from "./text_width.ts";

/** For files, pipes and people without a terminal: a line for each thing that happens. */
export class PlainReporter implements Reporter {
  readonly stdout: LogGate;
  readonly stderr: LogGate;
  readonly #output: Output;
  readonly #quiet: boolean;
  readonly #unchanged = new Set<string>();
  #count = 0;
  #name = "";

  /**
   * Shows nothing yet.
   *
   * @param output Standard error takes everything but the services' own output.
   * @param quiet Whether only the services' own output and warnings are shown.
   */
  constructor(output: Output, quiet: boolean) {
    this.#output = output;
    this.#quiet = quiet;
    this.stdout = new LogGate(output.out, true);
    this.stderr = new LogGate(output.err, true);
  }

  take(event: UpEvent): void {
    switch (event.kind) {
      case "project":
        this.#name = event.name;
        this.#count = event.nodes.length;
        return;
      case "image":
        if (event.state === "progress") return;
        return this.#say(
          event.state === "started"
            ? `${event.name}: ${
              event.action === "pull" ? "pulling" : "building"
            } ${event.reference}`
            : `${event.name}: ${event.action === "pull" ? "pulled" : "built"}`,
        );
      case "node":
        if (event.what === "created" || event.what === "starting") return;
        if (!event.kept) return this.#say(`${event.name}: ${event.what}`);
        // That it runs and that it is healthy are two events.
        if (!this.#unchanged.has(event.name)) this.#say(`${event.name}: unchanged`);
        this.#unchanged.add(event.name);
        return;
      case "note":
        if (event.text.startsWith("warning: ")) {
          this.#output.err.write(`${plainText(event.text)}\n`);
        } else if (!/: pulling /.test(event.text)) this.#say(event.text);
        return;
      case "orphan":
        if (!event.removed) this.#output.err.write(`${orphanText(event)}\n`);
        else this.#say(orphanText(event));
        return;
      case "ready":
        return this.#say(
          event.changed
            ? `${this.#name} is up (${this.#count})`
            : `${this.#name} is up, nothing to do`,
        );
    }
  }

  stopping(text: string): void {
    this.#say(text);
  }

  [Symbol.dispose](): void {
    // Every line is out already.
  }

  #say(text: string): void {
    if (!this.#quiet) this.#output.err.write(`${plainText(text)}\n`);
  }
}
