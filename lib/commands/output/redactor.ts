import type { OutputSink } from "./sink.ts";

/** What stands where a secret stood. */
export const REDACTED: string = "[redacted]";

/**
 * Replaces secret values in texts and in streams.
 *
 * @example
 * ```ts
 * import { Redactor } from "@superorch/superorch/commands/output";
 *
 * const redactor = new Redactor(["hunter2"]);
 * console.log(redactor.text("login root:hunter2")); // "login root:[redacted]"
 * ```
 */
export class Redactor {
  readonly #secrets: readonly string[];
  readonly #pattern: RegExp | undefined;

  /**
   * Makes a redactor.
   *
   * @param secrets The values; empty ones are left out, longer ones are replaced first.
   */
  constructor(secrets: readonly string[]) {
    this.#secrets = [...new Set(secrets)].filter((secret) => secret !== "")
      .sort((a, b) => b.length - a.length);
    this.#pattern = this.#secrets.length === 0
      ? undefined
      : new RegExp(this.#secrets.map((secret) => RegExp.escape(secret)).join("|"), "g");
  }

  /** Whether there is nothing to replace. */
  get isEmpty(): boolean {
    return this.#pattern === undefined;
  }

  /**
   * Replaces the secrets in a text.
   *
   * @param text Any text.
   * @returns The text with `[redacted]` in their places.
   */
  text(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, () => REDACTED);
  }

  /**
   * Replaces the secrets in the last part of a longer text, whose cut may have left the end of a
   * secret at its start.
   *
   * @param text The end of a text.
   * @returns The text with `[redacted]` in their places.
   */
  tailText(text: string): string {
    let cut = 0;
    for (const secret of this.#secrets) {
      for (let length = secret.length - 1; length > cut; length--) {
        if (text.startsWith(secret.slice(-length))) cut = length;
      }
    }
    return cut === 0 ? this.text(text) : REDACTED + this.text(text.slice(cut));
  }

  /**
   * Replaces the secrets in a stream, also where one is cut over chunks: bytes that may be the
   * start of a secret are held back until the next chunk or the end.
   *
   * @param target Takes the redacted stream.
   * @returns Where to write the stream.
   */
  sink(target: OutputSink): OutputSink {
    const encoder = new TextEncoder();
    const secrets = this.#secrets.map((secret) => encoder.encode(secret));
    const mark = encoder.encode(REDACTED);
    let held = new Uint8Array(0);
    const redact = (chunk: Uint8Array, atEnd: boolean): Uint8Array => {
      const input = new Uint8Array(held.length + chunk.length);
      input.set(held);
      input.set(chunk, held.length);
      const pieces: Uint8Array[] = [];
      let from = 0;
      let at = 0;
      while (at < input.length) {
        const found = secrets.find((secret) => matches(input, at, secret) !== "no");
        if (found === undefined) {
          at++;
          continue;
        }
        if (matches(input, at, found) === "part") {
          if (!atEnd) break;
          // No more will come: only a shorter secret can stand here.
          const shorter = secrets.find((secret) => matches(input, at, secret) === "whole");
          if (shorter === undefined) {
            at++;
            continue;
          }
          pieces.push(input.subarray(from, at), mark);
          from = at += shorter.length;
          continue;
        }
        pieces.push(input.subarray(from, at), mark);
        from = at += found.length;
      }
      pieces.push(input.subarray(from, at));
      held = input.slice(at);
      return concat(pieces);
    };
    return {
      write: (chunk) => {
        const shown = redact(chunk, false);
        if (shown.length > 0) return target.write(shown);
      },
      end: async () => {
        const rest = redact(new Uint8Array(0), true);
        if (rest.length > 0) await target.write(rest);
        await target.end?.();
      },
    };
  }
}

function matches(input: Uint8Array, at: number, secret: Uint8Array): "whole" | "part" | "no" {
  const length = Math.min(secret.length, input.length - at);
  for (let index = 0; index < length; index++) {
    if (input[at + index] !== secret[index]) return "no";
  }
  return length === secret.length ? "whole" : "part";
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
