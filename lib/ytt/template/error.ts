/** Errors of templates as ytt prints them: messages with the source lines that led to them. */
import { LimitError, StarlarkError, StarlarkSyntaxError } from "../starlark/errors.ts";
import type { CompiledTemplate, Line } from "./code.ts";

/** One line of a report. */
export interface TemplatePlace {
  /** The function; absent for syntax errors. */
  readonly context?: string;
  /** Name of the file. */
  readonly file: string;
  /** 1-based; 0 when the line was made up by the compiler. */
  readonly line: number;
  /** The source line. */
  readonly source: string;
}

/** One mistake. */
export interface TemplateIssue {
  /** What is wrong. */
  readonly message: string;
  /** The lines that led to it, innermost first. */
  readonly places: readonly TemplatePlace[];
}

/** A template that did not compile as Starlark, or failed while it ran. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";

  constructor(readonly issues: readonly TemplateIssue[], options?: ErrorOptions) {
    super(`\n${issues.map(describe).join("\n")}`, options);
  }
}

/** Finds the template with this name, for showing its lines. */
export type TemplateFinder = (name: string) => CompiledTemplate | undefined;

/** Turns what the interpreter threw into a report; other errors are returned as they are. */
export function templateError(error: unknown, find: TemplateFinder): unknown {
  if (error instanceof StarlarkSyntaxError) {
    return new TemplateError(
      error.errors.map(({ message, position }) => ({
        message,
        places: placesOf(find(position.filename), position.filename, position.line, undefined),
      })),
      { cause: error },
    );
  }
  if (error instanceof StarlarkError) {
    const frames = error.callStack.filter((frame) => !frame.builtin);
    // A recursion that ran away has hundreds of equal frames: the ends say enough.
    const shown = frames.length > 60 ? [...frames.slice(0, 30), ...frames.slice(-30)] : frames;
    const places = shown.flatMap(({ name, position }) =>
      placesOf(find(position.filename), position.filename, position.line, name)
    );
    return new TemplateError([{ message: error.message, places }], { cause: error });
  }
  return error;
}

/** Whether a limit stopped the program; such an error must not be caught on its way. */
export function limitOf(error: unknown): LimitError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof LimitError) return at;
  return undefined;
}

function placesOf(
  template: CompiledTemplate | undefined,
  file: string,
  number: number,
  context: string | undefined,
): TemplatePlace[] {
  const first = context === undefined ? {} : { context };
  if (template === undefined) return [{ ...first, file, line: number, source: "" }];
  const line = template.lines[number - 1];
  if (line === undefined) return [{ ...first, file, line: 0, source: "" }];
  if (line.position?.known) return [{ ...first, ...sourceOf(line, template) }];
  const places: TemplatePlace[] = [];
  const before = closest(template, number - 1, -1);
  const after = closest(template, number - 1, 1);
  if (before !== undefined) places.push(sourceOf(before, template));
  places.push({ file, line: 0, source: `${line.display ?? line.code} (generated)` });
  if (after !== undefined) places.push(sourceOf(after, template));
  places[0] = { ...first, ...places[0]! };
  return places;
}

function closest(template: CompiledTemplate, index: number, step: number): Line | undefined {
  for (let i = index + step; i >= 0 && i < template.lines.length; i += step) {
    const line = template.lines[i]!;
    if (line.position?.known) return line;
  }
  return undefined;
}

function sourceOf(line: Line, template: CompiledTemplate): TemplatePlace {
  const position = line.position!;
  return {
    file: position.file?.name ?? template.name,
    line: position.line,
    source: shortened(line.content ?? position.source()),
  };
}

function shortened(text: string): string {
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
}

function describe({ message, places }: TemplateIssue): string {
  const [topic, ...rest] = message.split("\n") as [string, ...string[]];
  const lines = [`- ${topic}${hint(topic)}`];
  let pad = "    ";
  for (const place of places) {
    if (place.context !== undefined) {
      lines.push(`    in ${place.context}`);
      pad = "      ";
    }
    lines.push(`${pad}${place.file}:${place.line > 0 ? place.line : "?"} | ${place.source}`);
  }
  if (rest.length > 0) lines.push("", "    reason:", ...rest.map((line) => `     ${line}`));
  return lines.join("\n");
}

function hint(topic: string): string {
  const text = topic.endsWith("got newline, want ':'")
    ? "missing colon at the end of 'if/for/def' statement?"
    : topic.endsWith("undefined: true")
    ? "use 'True' instead of 'true' for boolean assignment"
    : topic.endsWith("undefined: false")
    ? "use 'False' instead of 'false' for boolean assignment"
    : topic.endsWith("undefined: null")
    ? "use 'None' instead of 'null' to indicate no value"
    : "";
  return text === "" ? "" : ` (hint: ${text})`;
}
