/** A mistake in a text with variables. */
export interface TemplateProblem {
  /** One sentence without a final period. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Offset in the text. */
  readonly start: number;
  /** Offset after it. */
  readonly end: number;
  /** Whether the text is used nevertheless. */
  readonly severity: "error" | "warning";
  /** The variable that is not set. */
  readonly variable?: string;
}

/** What a text became. */
export interface Interpolated {
  /** The text with its variables replaced. */
  readonly text: string;
  /** What is wrong with it. */
  readonly problems: readonly TemplateProblem[];
}

/** Reads a variable; `undefined` when it is not set. */
export type ReadVariable = (name: string) => string | undefined;

/** Defaults within defaults, at most. */
const MAX_DEPTH = 50;

const NAME = /[_a-zA-Z][_a-zA-Z0-9]*/y;

/**
 * Replaces the variables of a text by the rules of the Compose Specification: `$NAME`, `${NAME}`,
 * `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`, `${NAME?message}`,
 * `${NAME:+replacement}`, `${NAME+replacement}`, each with variables inside, and `$$` for a dollar
 * sign (https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md).
 *
 * @param text The text.
 * @param read Reads variables.
 * @returns The new text, and what is wrong with the old one.
 * @example
 * ```ts
 * import { interpolate } from "@superorch/superorch/compose";
 *
 * console.log(interpolate("app:${TAG:-latest}", () => undefined).text); // "app:latest"
 * ```
 */
export function interpolate(text: string, read: ReadVariable): Interpolated {
  if (!text.includes("$")) return { text, problems: [] };
  const problems: TemplateProblem[] = [];
  const { value } = expand({ text, read, problems }, 0, 0, false, true);
  return { text: value, problems };
}

interface Template {
  readonly text: string;
  readonly read: ReadVariable;
  readonly problems: TemplateProblem[];
}

// What is not used is read for its end only: a required variable in an unused default may be unset.
function expand(
  template: Template,
  from: number,
  depth: number,
  nested: boolean,
  used: boolean,
): { value: string; end: number } {
  const { text } = template;
  let value = "";
  let at = from;
  while (at < text.length) {
    const character = text[at]!;
    if (nested && character === "}") return { value, end: at };
    if (character !== "$") {
      value += character;
      at++;
    } else if (text[at + 1] === "$") {
      value += "$";
      at += 2;
    } else {
      const part = text[at + 1] === "{"
        ? braced(template, at, depth, used)
        : bare(template, at, used);
      value += part.value;
      at = part.end;
    }
  }
  return { value, end: at };
}

function bare(template: Template, at: number, used: boolean): { value: string; end: number } {
  const name = nameAt(template.text, at + 1);
  if (name === undefined) {
    invalid(template, at, at + 1, "A dollar sign must be followed by the name of a variable");
    return { value: "$", end: at + 1 };
  }
  const end = at + 1 + name.length;
  return { value: valueOf(template, name, at, end, used), end };
}

function braced(
  template: Template,
  at: number,
  depth: number,
  used: boolean,
): { value: string; end: number } {
  const { text, read, problems } = template;
  const name = nameAt(text, at + 2);
  const close = text.indexOf("}", at);
  const endOfPart = close === -1 ? text.length : close + 1;
  if (name === undefined) {
    invalid(template, at, endOfPart, '"${" must be followed by the name of a variable');
    return { value: "", end: endOfPart };
  }
  const after = at + 2 + name.length;
  if (text[after] === "}") {
    return { value: valueOf(template, name, at, after + 1, used), end: after + 1 };
  }
  const operator = /(?::?[-?+])/y;
  operator.lastIndex = after;
  const found = operator.exec(text)?.[0];
  if (found === undefined || depth >= MAX_DEPTH) {
    const what = close === -1 && found === undefined && after === text.length
      ? '"${" is not closed'
      : `"\${${name}" must be followed by "}", ":-", "-", ":?", "?", ":+" or "+"`;
    invalid(template, at, endOfPart, what);
    return { value: "", end: endOfPart };
  }
  const set = read(name);
  const present = found.startsWith(":") ? set !== undefined && set !== "" : set !== undefined;
  const kind = found.at(-1);
  const usesWord = kind === "+" ? present : !present;
  const word = expand(template, after + found.length, depth + 1, true, used && usesWord);
  if (text[word.end] !== "}") {
    invalid(template, at, word.end, '"${" is not closed');
    return { value: "", end: word.end };
  }
  const end = word.end + 1;
  if (kind === "+") return { value: present ? word.value : "", end };
  if (present) return { value: set!, end };
  if (kind === "-") return { value: word.value, end };
  if (used) {
    const message = `Variable "${name}" is required and not set`;
    problems.push({
      message: word.value === "" ? message : `${message}: ${word.value}`,
      start: at,
      end,
      severity: "error",
      variable: name,
    });
  }
  return { value: "", end };
}

function valueOf(
  { read, problems }: Template,
  name: string,
  start: number,
  end: number,
  used: boolean,
): string {
  const value = read(name);
  if (value === undefined && used) {
    problems.push({
      message: `Variable "${name}" is not set, an empty text takes its place`,
      start,
      end,
      severity: "warning",
      variable: name,
    });
  }
  return value ?? "";
}

function invalid({ problems }: Template, start: number, end: number, message: string): void {
  problems.push({
    message,
    hint: 'write "$$" for a dollar sign itself',
    start,
    end,
    severity: "error",
  });
}

function nameAt(text: string, at: number): string | undefined {
  NAME.lastIndex = at;
  return NAME.exec(text)?.[0];
}
