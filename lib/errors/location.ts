/** Where in the user's program something happened. */
export interface SourceLocation {
  /** A file path, a URL, or a shortened `name@version/path` for a published package. */
  readonly file: string;
  /** 1-based line. */
  readonly line: number;
  /** 1-based column. */
  readonly column: number;
}

/** A location that is worked out only when somebody reads it. */
export type LazyLocation = () => SourceLocation | undefined;

// `at f (file:///a.ts:5:34)`, `at async file:///a.ts:6:13`. A URL never holds a space, so the
// first " (" ends the function's name.
const FRAME = /^\s*at (?:.*? \()?(?:async )?(.+):(\d+):(\d+)\)?$/;

/**
 * Captures the place that called `callee`.
 *
 * V8 formats a stack only when it is read, so capturing on every call costs about a microsecond
 * and the formatting (with source maps) is paid for by failures alone.
 *
 * @param callee The function whose caller is wanted; it and everything it called are left out.
 * @returns A function that gives the location, or `undefined` where the runtime kept no stack.
 */
export function captureCaller(callee: (...args: never[]) => unknown): LazyLocation {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, callee);
  return lazyLocation(() => holder.stack);
}

/** Reads the first frame of a stack once, on first use. */
export function lazyLocation(readStack: () => unknown): LazyLocation {
  let known = false;
  let location: SourceLocation | undefined;
  return () => {
    if (!known) {
      known = true;
      // A program that sets Error.prepareStackTrace may make anything of it.
      const stack = readStack();
      location = typeof stack === "string" ? firstFrame(stack) : undefined;
    }
    return location;
  };
}

/**
 * Finds the first frame with a place in the text of a stack.
 *
 * @param stack The text of `Error.stack`.
 * @returns The place of the first frame, `undefined` if no line has one.
 */
export function firstFrame(stack: string): SourceLocation | undefined {
  for (const text of stack.split("\n")) {
    const frame = FRAME.exec(text);
    if (frame === null) continue;
    const [, file = "", line = "", column = ""] = frame;
    return { file: displayFile(file), line: Number(line), column: Number(column) };
  }
  return undefined;
}

/**
 * Shortens where a module came from to what a person wants to read: `file:` URLs become paths,
 * modules of jsr.io and of npm's cache become `name@version/path`.
 *
 * @param specifier A module URL as stacks print it.
 * @returns The path, the shortened name, or the URL itself.
 */
export function displayFile(specifier: string): string {
  const jsr = /^https:\/\/jsr\.io\/(@[^/]+\/[^/]+)\/([^/]+)\/(.+)$/.exec(specifier);
  if (jsr !== null) return `${jsr[1]}@${jsr[2]}/${jsr[3]}`;
  if (!specifier.startsWith("file://")) return specifier;
  let path: string;
  try {
    path = decodeURIComponent(new URL(specifier).pathname);
  } catch {
    return specifier; // not a URL after all: better shown raw than lost
  }
  if (/^\/[A-Za-z]:\//.test(path)) path = path.slice(1);
  const npm = /\/npm\/registry\.npmjs\.org\/((?:@[^/]+\/)?[^/]+)\/([^/]+)\/(.+)$/.exec(path);
  return npm === null ? path : `${npm[1]}@${npm[2]}/${npm[3]}`;
}
