/** Where text goes, and what it may look like there. */
export interface Sink {
  /** Whether a person watches: then tables are aligned and progress is shown. */
  readonly terminal: boolean;
  /** Whether ANSI colours are wanted: a terminal, and no `NO_COLOR`. */
  readonly colour: boolean;
  /** Writes all of a text before it returns. */
  write(text: string): void;
  /** Writes bytes as they are; without it, only text can be written. */
  writeBytes?(bytes: Uint8Array): void;
}

/** The two streams of a command: results, and everything else. */
export interface Output {
  /** Standard output: what the command was asked for. */
  readonly out: Sink;
  /** Standard error: progress, notes, failures. */
  readonly err: Sink;
}

/** The reader on the other end of standard output went away, as `head` does. */
export class ClosedOutputError extends Error {
  /** The name of the class. */
  override readonly name: string = "ClosedOutputError";
}

interface Stream {
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

/**
 * Makes the output of a real command line.
 *
 * Permissions: `--allow-env=NO_COLOR`; without it, colours are left out.
 *
 * @param env Reads environment variables. Default `Deno.env.get`.
 * @returns Standard output and standard error of this process.
 */
export function standardOutput(env: (name: string) => string | undefined = Deno.env.get): Output {
  let noColour = true;
  try {
    noColour = Boolean(env("NO_COLOR"));
  } catch {
    // not allowed to read it: plain text is always right
  }
  return { out: sinkOf(Deno.stdout, noColour), err: sinkOf(Deno.stderr, noColour) };
}

function sinkOf(stream: Stream, noColour: boolean): Sink {
  const terminal = stream.isTerminal();
  const encoder = new TextEncoder();
  const writeBytes = (bytes: Uint8Array) => {
    try {
      for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      throw new ClosedOutputError("Cannot write: the reader is gone", { cause: error });
    }
  };
  return {
    terminal,
    colour: terminal && !noColour,
    write: (text) => writeBytes(encoder.encode(text)),
    writeBytes,
  };
}

/**
 * Lays out rows for a sink: aligned columns on a terminal, tab-separated lines elsewhere, so that
 * `cut` and `awk` see one field per column. The header is there in both.
 *
 * @param header Names of the columns.
 * @param rows Cells; control characters in them are escaped.
 * @param sink Where it will be written.
 * @returns Lines, each with its newline.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  sink: Pick<Sink, "terminal" | "colour">,
): string {
  const table = [header, ...rows].map((row) => row.map(escapeControl));
  if (!sink.terminal) return table.map((row) => `${row.join("\t")}\n`).join("");
  const widths = header.map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0))
  );
  return table.map((row, index) => {
    const cells = row.map((cell, column) =>
      column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)
    );
    const line = cells.join("  ");
    return index === 0 && sink.colour ? `\x1b[1m${line}\x1b[0m\n` : `${line}\n`;
  }).join("");
}

/**
 * Writes a result as one JSON document.
 *
 * @param value What `JSON.stringify` takes.
 * @returns Indented text with a newline at the end.
 */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Writes one result of a stream as a line of newline-delimited JSON.
 *
 * @param value What `JSON.stringify` takes.
 * @returns One line with a newline at the end.
 */
export function formatJsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** Shows control characters as `\x1b`, so that nothing that was read can drive the terminal. */
export function escapeControl(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- they are what is looked for
    /[\x00-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/**
 * Writes a length of time the way a person says it.
 *
 * @param seconds Not negative; less than nothing counts as nothing.
 * @returns One number and one unit: `5s`, `3m`, `7h`, `12d`.
 */
export function formatAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole}s`;
  if (whole < 2 * 3600) return `${Math.floor(whole / 60)}m`;
  if (whole < 48 * 3600) return `${Math.floor(whole / 3600)}h`;
  return `${Math.floor(whole / 86400)}d`;
}
