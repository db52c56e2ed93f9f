/** How important a message is, from the least to the most. */
export type LogLevel = "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL";

/** Takes messages about what is going on; the library itself prints nothing. */
export type Log = (level: LogLevel, message: string) => void;

/** All levels, from the least to the most important. */
export const LOG_LEVELS: readonly LogLevel[] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
