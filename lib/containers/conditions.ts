/**
 * What one node waits for of another one.
 *
 * - `started`: it runs.
 * - `healthy`: its health check passes; without a check, it runs.
 * - `completed`: it ended with exit code 0, or with any code where that is allowed.
 * - `{ log }`: a line of its output matches.
 * - `{ port }`: something accepts connections on that port of it.
 * - `{ http }`: a request to it is answered as wanted.
 * - `{ exec }`: a program in it ends with exit code 0.
 * - `{ file }`: a file or directory exists in it.
 */
export type Condition =
  | "started"
  | "healthy"
  | "completed"
  | LogCondition
  | PortCondition
  | HttpCondition
  | ExecCondition
  | FileCondition;

/** A line of the output matches. */
export interface LogCondition {
  /** A regular expression, or the source of one; tried on each line of both outputs. */
  readonly log: string | RegExp;
  /** How many lines must match. Default 1. */
  readonly times?: number;
}

/** Something accepts connections. */
export interface PortCondition {
  /** TCP port inside of the container, or of this machine for a host command. */
  readonly port: number;
}

/** A request is answered. */
export interface HttpCondition {
  /** What is asked. */
  readonly http: {
    /** TCP port inside of the container, or of this machine for a host command. */
    readonly port: number;
    /** Default `/`. */
    readonly path?: string;
    /** Statuses that count. Default: 200 to 399. */
    readonly status?: number | readonly number[];
    /** A regular expression, or the source of one, that the body must match. */
    readonly body?: string | RegExp;
    /** Whether TLS is spoken; certificates are checked. Default `false`. */
    readonly tls?: boolean;
  };
}

/** A program in the container succeeds. */
export interface ExecCondition {
  /** Program and arguments. */
  readonly exec: readonly string[];
}

/** A file or directory exists. */
export interface FileCondition {
  /** Path in the container, or of this machine for a host command. */
  readonly file: string;
}

/**
 * Puts a condition into words, for messages: `it waits for "db" to …`, `"db" did not …`.
 *
 * @param condition Any condition.
 * @returns For example `become healthy`, or `answer GET :8080/ready`.
 */
export function describeCondition(condition: Condition): string {
  if (typeof condition === "string") {
    return { started: "start", healthy: "become healthy", completed: "complete" }[condition];
  }
  if ("log" in condition) return `write a line like ${condition.log}`;
  if ("port" in condition) return `listen on port ${condition.port}`;
  if ("http" in condition) {
    return `answer GET :${condition.http.port}${condition.http.path ?? "/"}`;
  }
  if ("exec" in condition) return `run ${JSON.stringify(condition.exec)} successfully`;
  return `have the file ${JSON.stringify(condition.file)}`;
}
