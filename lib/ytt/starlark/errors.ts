/** A place in a source text; `line` and `column` count from 1, and 0 stands for "unknown". */
export interface Position {
  /** The name that the text was parsed under. */
  readonly filename: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/** One mistake in a source text. */
export interface SyntaxIssue {
  /** What is wrong, without the place. */
  readonly message: string;
  /** Where. */
  readonly position: Position;
}

/** Writes a position as starlark-go does, `file:line:col`. */
export function formatPosition(position: Position): string {
  const { filename, line, column } = position;
  if (line === 0) return filename;
  return column === 0 ? `${filename}:${line}` : `${filename}:${line}:${column}`;
}

/**
 * A text that is not a program: one parse error, or every name that does not resolve.
 * `phase` says which of the two.
 */
export class StarlarkSyntaxError extends SyntaxError {
  /** The class's name. */
  override readonly name = "StarlarkSyntaxError";
  /** The mistakes, in the order they were found. */
  readonly errors: readonly SyntaxIssue[];
  /** `parse`: the scanner or parser stopped. `resolve`: names and scopes are wrong. */
  readonly phase: "parse" | "resolve";

  /** Builds the error from its mistakes; the message is that of the first one, located. */
  constructor(errors: readonly SyntaxIssue[], phase: "parse" | "resolve") {
    const first = errors[0];
    super(first === undefined ? "" : `${formatPosition(first.position)}: ${first.message}`);
    this.errors = errors;
    this.phase = phase;
  }
}

/** One call that was under way when a program failed. */
export interface CallFrame {
  /** `<toplevel>`, the function's name, or `lambda`. */
  readonly name: string;
  /** True for a host function; its position is unknown (`<builtin>`). */
  readonly builtin: boolean;
  /** The operation that was under way. */
  readonly position: Position;
}

/** A program that failed while it ran. */
export class StarlarkError extends Error {
  /** The class's name. */
  override readonly name = "StarlarkError";
  /** The calls under way, innermost first. */
  readonly callStack: readonly CallFrame[];

  /** Builds the error; `cause` is what a host function threw, when it was one. */
  constructor(message: string, callStack: readonly CallFrame[], options?: ErrorOptions) {
    super(message, options);
    this.callStack = callStack;
  }

  /** The message and the call stack, outermost first, as starlark-go prints a backtrace. */
  backtrace(): string {
    const lines = ["Traceback (most recent call last):"];
    for (const frame of [...this.callStack].reverse()) {
      lines.push(`  ${formatPosition(frame.position)}: in ${frame.name}`);
    }
    return `${lines.join("\n")}\nError: ${this.message}`;
  }
}

/** A limit that the host set (steps, memory, depth, time) and a program ran into. */
export class LimitError extends Error {
  /** The class's name. */
  override readonly name = "LimitError";
  /** Which limit. */
  readonly limit: "steps" | "memory" | "depth" | "time" | "abort";

  /** Builds the error. */
  constructor(limit: LimitError["limit"], message: string) {
    super(message);
    this.limit = limit;
  }
}
