import type { UpEvent } from "../../lib/compose/mod.ts";
import type { OutputWriter } from "../../lib/commands/output/mod.ts";

/** Shows what happens while a project is brought up and runs. */
export interface Reporter extends Disposable {
  /** Takes the outputs of services. */
  readonly stdout: OutputWriter & { isTerminal(): boolean };
  /** Takes the error outputs of services. */
  readonly stderr: OutputWriter & { isTerminal(): boolean };
  /** Takes what happens. */
  take(event: UpEvent): void;
  /** Says that everything is being ended. */
  stopping(text: string): void;
}
