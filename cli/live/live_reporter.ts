import type { UpEvent } from "../../lib/compose/mod.ts";
import type { Output } from "../output.ts";
import { Board } from "./board.ts";
import { LogGate } from "./log_gate.ts";
import type { Reporter } from "./reporter.ts";
import { consoleSize, Screen } from "./screen.ts";
import { plainText } from "./text_width.ts";

/** Fast enough for a spinner and a clock; a frame takes 0.2 ms. */
const FRAME_MS = 100;

/**
 * For people at a terminal: a board in place until everything is up, then the outputs of the
 * services, and the board again while everything is ended.
 */
export class LiveReporter implements Reporter {
  readonly stdout: LogGate;
  readonly stderr: LogGate;
  readonly #board = new Board(Date.now());
  readonly #gates: readonly LogGate[];
  readonly #screen: Screen;
  readonly #colour: boolean;
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopping = false;
  #done = false;
  #name = "";

  /**
   * Shows nothing yet.
   *
   * @param output Where it draws: everything but the services' own output on standard error.
   */
  constructor(output: Output) {
    this.#colour = output.err.colour;
    this.#screen = new Screen((text) => output.err.write(text), consoleSize);
    // What does not go to the terminal has no reason to wait.
    this.stdout = new LogGate(output.out, !output.out.terminal);
    this.stderr = new LogGate(output.err, false);
    this.#gates = [this.stdout, this.stderr].filter((gate) => gate.isTerminal());
  }

  take(event: UpEvent): void {
    this.#board.take(event, Date.now());
    if (event.kind === "project") this.#name = event.name;
    // Where there is nothing to do, there is nothing to look at.
    const isWork = event.kind === "image" || event.kind === "node" && !event.kept;
    if (isWork && !this.#done) this.#show();
    if (event.kind === "note" && !isProgress(event.text)) this.#print(plainText(event.text));
    if (event.kind === "orphan") this.#print(orphanText(event));
    if (event.kind === "ready") {
      this.#done = true;
      if (event.changed) this.#hide(undefined);
      else this.#print(`${this.#name} is up, nothing to do`);
    }
  }

  stopping(text: string): void {
    this.#board.title = text;
    this.#stopping = true;
    if (this.#board.isEmpty) return this.#print(text);
    for (const gate of this.#gates) gate.close();
    this.#show();
  }

  [Symbol.dispose](): void {
    this.#hide(this.#stopping ? "stopped" : undefined);
    for (const gate of this.#gates) gate.release();
  }

  #show(): void {
    this.#draw();
    this.#timer ??= setInterval(() => this.#draw(), FRAME_MS);
  }

  #hide(title: string | undefined): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (title !== undefined) this.#board.title = title;
    this.#draw();
    this.#screen.leave();
    for (const gate of this.#gates) gate.release();
  }

  #draw(): void {
    // Before everything is up the board stands alone; at the end there is no later for last words.
    if (this.#stopping) {
      const words = this.#gates.map((gate) => gate.drain()).join("");
      if (words !== "") this.#screen.print(words);
    }
    this.#screen.draw(this.#board.lines(this.#screen.size, Date.now(), this.#colour));
  }

  #print(line: string): void {
    this.#screen.print(`${line}\n`);
    if (this.#timer !== undefined) this.#draw();
  }
}

/** Tells the lines that the board shows in its own way: of pulls and builds. */
export function isProgress(text: string): boolean {
  return /^[\w.-]+: /.test(text) && !text.startsWith("warning: ");
}

/** Says what became of a container that the project does not have any more. */
export function orphanText(event: Extract<UpEvent, { kind: "orphan" }>): string {
  return event.removed
    ? `removed "${event.name}", which the project does not have any more`
    : `warning: "${event.name}" runs, and the project does not have it any more; remove it with ` +
      `--remove-orphans`;
}
