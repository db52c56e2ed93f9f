import { parentOf } from "./_paths.ts";
import type { LogLevel, LogStyle, Settings } from "./model.ts";
import { writeAll } from "./replay.ts";

/** Writes a line of the trace. Default level: `info`. */
export type Note = (text: string, level?: LogLevel) => void;

/** Where a trace goes. */
export interface TraceOptions extends Pick<Settings, "logPath" | "log" | "logStyle"> {
  /** Standard error, for `-`. */
  readonly stderr: { writeSync(bytes: Uint8Array): number };
  /** Whether standard error is a terminal. Default: asked when it matters. */
  readonly isTerminal?: () => boolean;
}

/** From the most important one to the least. */
const LEVELS: readonly LogLevel[] = ["off", "error", "warn", "info", "debug", "trace"];
const COLOURS: Readonly<Partial<Record<LogLevel, number>>> = {
  error: 31,
  warn: 33,
  info: 32,
  debug: 34,
  trace: 36,
};

/**
 * Makes what writes the trace. Each line has time, process and level; line ends in a text are
 * escaped, so that one thing is one line.
 *
 * @param options Where it goes, and how much of it.
 * @returns Writes a line; does nothing where there is no trace.
 */
export function tracer(options: TraceOptions): Note {
  const { logPath, log, stderr } = options;
  const most = LEVELS.indexOf(log);
  if (logPath === undefined || most === 0) return () => {};
  const colour = hasColour(options.logStyle, logPath, options.isTerminal);
  return (text, level = "info") => {
    if (LEVELS.indexOf(level) > most) return;
    const name = level.toUpperCase().padEnd(5);
    const shown = colour ? `\x1b[${COLOURS[level] ?? 0}m${name}\x1b[0m` : name;
    const escaped = text.replaceAll("\r", "\\r").replaceAll("\n", "\\n");
    const line = `${new Date().toISOString()} ${Deno.pid} ${shown} ${escaped}\n`;
    try {
      if (logPath === "-") writeAll(stderr, new TextEncoder().encode(line));
      else {
        Deno.mkdirSync(parentOf(logPath), { recursive: true });
        Deno.writeTextFileSync(logPath, line, { append: true });
      }
    } catch {
      // a trace that cannot be written must not end a build
    }
  };
}

function hasColour(style: LogStyle, logPath: string, isTerminal?: () => boolean): boolean {
  if (style !== "auto") return style === "always";
  return logPath === "-" && (isTerminal ?? (() => Deno.stderr.isTerminal()))();
}
