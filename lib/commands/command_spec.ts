/** A log file and how it is kept; see {@linkcode RotatingLog} for what the limits mean. */
export interface LogFileSpec {
  /** The file, relative to this program's directory; its parent must exist. */
  readonly path: string;
  /** Continue an existing file instead of emptying it. Default `false`. */
  readonly append?: boolean;
  /** The file is never larger than this and keeps the newest bytes. Default: no limit. */
  readonly limitBytes?: number;
  /** How many older files to keep as `path.1` to `path.N`. Default `0`. */
  readonly generations?: number;
}

/** A log file: its path, or the path with limits. */
export type LogTarget = string | LogFileSpec;

/** A setting for both streams, or one for each. */
export interface PerStream<T> {
  /** For standard output. */
  readonly stdout?: T;
  /** For standard error. */
  readonly stderr?: T;
}

/** Everything about a command but its program; plain data. */
export interface CommandOptions {
  /** Arguments, each passed as it is. */
  readonly args?: readonly string[];
  /** Environment variables on top of the inherited ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** Start from an empty environment. Default `false`. */
  readonly envClear?: boolean;
  /** Where it runs; must exist. Default: this program's directory. */
  readonly cwd?: string;
  /** Values that are replaced by `[redacted]` in printed forms and in the texts of errors. */
  readonly secrets?: readonly string[];
  /**
   * Names of variables in `env` whose values are secrets. Names that contain `TOKEN`, `PASSW`,
   * `PASSPHRASE`, `SECRET`, `CREDENTIAL` or `KEY` count without being listed.
   */
  readonly secretEnv?: readonly string[];
  /** Keep what it prints in memory. Default `true`. */
  readonly record?: boolean | PerStream<boolean>;
  /** How many of the last bytes are kept for each stream. Default 64 MiB. */
  readonly recordLimitBytes?: number;
  /** Copy what it prints to one file, in whole lines, or to one file for each stream. */
  readonly log?: LogTarget | PerStream<LogTarget>;
  /** The limit of log files that have none of their own. */
  readonly logLimitBytes?: number;
  /**
   * Show what it prints on this program's own streams while it runs, each line after
   * `program pid  | ` or `program pid E| `, in colour on a terminal; a text instead of `true`
   * stands before each line as it is. Default `false`.
   */
  readonly forward?: boolean | PerStream<boolean | string>;
  /** Replace secrets in forwarded output and in logs too. Default `false`. */
  readonly redactOutput?: boolean;
  /**
   * It uses this program's own terminal: nothing is recorded or forwarded, Ctrl-C is left to it.
   * Default `false`.
   */
  readonly interactive?: boolean;
  /** How long it may take to end after a polite SIGTERM before it is killed. Default 3,000. */
  readonly graceMs?: number;
  /**
   * How long after its end to wait for output while something that it left behind keeps its
   * streams open. Default 300.
   */
  readonly drainMs?: number;
  /** It goes on when its runner is disposed of and when this program ends. Default `false`. */
  readonly forgetOnDrop?: boolean;
  /** It is ended even when this program is killed by SIGKILL. Not on Windows. Default `false`. */
  readonly dieWithParent?: boolean;
}

/** A command as plain data: can be hashed, stored, sent and run elsewhere. */
export interface CommandSpec extends CommandOptions {
  /** The program: a name to be found in `PATH`, or a path. */
  readonly program: string;
  /** Arguments, each passed as it is. */
  readonly args: readonly string[];
}

/** What {@linkcode CommandOptions.recordLimitBytes} is without a word. */
export const DEFAULT_RECORD_LIMIT_BYTES: number = 64 * 1024 * 1024;

/** What {@linkcode CommandOptions.graceMs} is without a word. */
export const DEFAULT_GRACE_MS: number = 3_000;

/** What {@linkcode CommandOptions.drainMs} is without a word. */
export const DEFAULT_DRAIN_MS: number = 300;
