import type { CommandSpec } from "./command_spec.ts";
import type { Redactor } from "./output/redactor.ts";
import { redactorOf } from "./secrets.ts";

/** Longer command lines are cut in the middle. */
const MAX_LENGTH = 2_000;

// C0 but tab and line feed, C1, line and paragraph separators, and what turns text around.
const UNSAFE =
  // deno-lint-ignore no-control-regex -- they are what is looked for
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * A command as one line that can be read, and mostly be pasted into a shell: arguments are quoted
 * where a shell needs it, secrets are redacted, control characters are escaped, and a very long
 * line is cut in the middle.
 *
 * @param spec The command.
 * @returns The line.
 */
export function commandLine(spec: CommandSpec): string {
  const redactor = redactorOf(spec);
  const line = [spec.program, ...spec.args].map((word) => quote(redactor, word)).join(" ");
  const text = escapeControls(line);
  if (text.length <= MAX_LENGTH) return text;
  return `${text.slice(0, MAX_LENGTH / 2)} … ${text.slice(-MAX_LENGTH / 2)}`;
}

/**
 * Makes control characters visible, so that what a program printed can neither move the cursor
 * nor forge lines of a report. Line ends and tabs stay.
 *
 * @param text Any text.
 * @returns The text with `\x1b` and the like in place of such characters.
 */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (c) => {
    if (c === "\r") return "\\r";
    const code = c.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

function quote(redactor: Redactor, word: string): string {
  // Redacted first: a secret with a quote in it looks different once it is quoted.
  const shown = redactor.text(word);
  if (shown !== word) return /\s/.test(shown) ? `'${shown}'` : shown;
  if (/^[\w./:=@%+,-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`).replaceAll("\n", "\\n")}'`;
}
