import type { Totals } from "./gate_junit.ts";

/** Prints the lines of the gate and keeps the score. */
export class GateReport {
  #passed = 0;
  #failed = 0;
  readonly #failures: string[] = [];
  readonly #write: (text: string) => void;

  /** `write` takes pieces of text; default: standard output. */
  constructor(write: (text: string) => void = writeOut) {
    this.#write = write;
  }

  /** How many failed until now. */
  get failed(): number {
    return this.#failed;
  }

  /** One stage that passes or fails as a whole; `output` is shown when it fails. */
  stage(name: string, ok: boolean, ms: number, output = ""): void {
    this.#count(name, { passed: ok ? 1 : 0, failed: ok ? 0 : 1, ignored: 0 });
    this.#print(name, ok, ms, "", output);
  }

  /** One file of tests, or all doc tests. */
  tests(name: string, totals: Totals, ms: number, output = ""): void {
    const ok = totals.failed === 0;
    this.#count(name, totals);
    const { passed, failed, ignored } = totals;
    const parts = [`${passed} passed`];
    if (failed > 0) parts.push(`${failed} failed`);
    if (ignored > 0) parts.push(`${ignored} ignored`);
    this.#print(name, ok, ms, parts.join(", "), output);
  }

  /** A piece of text that is neither good nor bad. */
  write(text: string): void {
    this.#write(text);
  }

  /** The names of what failed and, as the very last line, the score. */
  end(): void {
    if (this.#failures.length > 0) this.#write(`\nFailed:\n  ${this.#failures.join("\n  ")}\n`);
    this.#write(`${this.#passed} passed, ${this.#failed} failed\n`);
  }

  #count(name: string, totals: Totals): void {
    this.#passed += totals.passed;
    this.#failed += totals.failed;
    if (totals.failed > 0) this.#failures.push(name);
  }

  #print(name: string, ok: boolean, ms: number, detail: string, output: string): void {
    const time = `${(ms / 1000).toFixed(1)} s`.padStart(8);
    const line = `${ok ? "ok  " : "FAIL"}  ${name.padEnd(48)} ${time}  ${detail}`;
    this.#write(`${line.trimEnd()}\n`);
    if (!ok && output.trim() !== "") {
      this.#write(`${output.trimEnd().replace(/^/gm, "      | ")}\n`);
    }
  }
}

function writeOut(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}
