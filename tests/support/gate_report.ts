import type { Totals } from "./gate_junit.ts";

/** Prints the lines of the gate and keeps the score. */
export class GateReport {
  #passed = 0;
  #failed = 0;
  readonly #failures: string[] = [];

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
    Deno.stdout.writeSync(new TextEncoder().encode(text));
  }

  /** The names of what failed and, as the very last line, the score. */
  end(): void {
    if (this.#failures.length > 0) console.log(`\nFailed:\n  ${this.#failures.join("\n  ")}`);
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
  }

  #count(name: string, totals: Totals): void {
    this.#passed += totals.passed;
    this.#failed += totals.failed;
    if (totals.failed > 0) this.#failures.push(name);
  }

  #print(name: string, ok: boolean, ms: number, detail: string, output: string): void {
    const line = `${ok ? "ok  " : "FAIL"}  ${name.padEnd(48)} ${
      `${(ms / 1000).toFixed(1)} s`
        .padStart(8)
    }  ${detail}`;
    console.log(line.trimEnd());
    if (!ok && output.trim() !== "") {
      console.log(output.trimEnd().replace(/^/gm, "      | "));
    }
  }
}
