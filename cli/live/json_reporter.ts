import type { UpEvent } from "../../lib/compose/mod.ts";
import { formatJsonLine, type Output } from "../output.ts";
import { LogGate } from "./log_gate.ts";
import type { Reporter } from "./reporter.ts";

/** For programs: each event as a line of JSON, with the time when it was told. */
export class JsonReporter implements Reporter {
  readonly stdout: LogGate;
  readonly stderr: LogGate;
  readonly #output: Output;

  /**
   * Shows nothing yet.
   *
   * @param output Standard output takes the events, those of the services' lines among them.
   */
  constructor(output: Output) {
    this.#output = output;
    this.stdout = new LogGate(output.out, true);
    this.stderr = new LogGate(output.err, true);
  }

  take(event: UpEvent): void {
    this.write({ ...event });
  }

  stopping(text: string): void {
    this.write({ kind: "note", text });
  }

  /** Writes any event. */
  write(event: { readonly kind: string; readonly [field: string]: unknown }): void {
    const { kind, ...rest } = event;
    this.#output.out.write(formatJsonLine({ kind, time: new Date().toISOString(), ...rest }));
  }

  [Symbol.dispose](): void {
    // Every line is out already.
  }
}
