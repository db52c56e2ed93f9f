import { type Log, LOG_LEVELS, type LogLevel } from "../lib/orchestra/log.ts";
import type { Sink } from "./output.ts";

const COLOURS: Readonly<Record<LogLevel, string>> = {
  DEBUG: "1;34",
  INFO: "1",
  WARNING: "1;33",
  ERROR: "1;31",
  CRITICAL: "1;41",
};

/**
 * Makes the log of a run: `[+] LEVEL - message`, one or more lines each.
 *
 * @param sink Where it goes.
 * @param least What is less important is left out.
 * @returns The log.
 */
export function logTo(sink: Sink, least: LogLevel): Log {
  const threshold = LOG_LEVELS.indexOf(least);
  return (level, message) => {
    if (LOG_LEVELS.indexOf(level) < threshold) return;
    const label = `[+] ${level}`;
    const shown = sink.colour ? `\x1b[${COLOURS[level]}m${label}\x1b[0m` : label;
    sink.write(`${shown} - ${message}\n`);
  };
}
