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

/** The keys that say what kind of condition an object is. */
const KINDS = ["log", "port", "http", "exec", "file"] as const;

/**
 * Finds what is wrong with a condition, before anything is made.
 *
 * @param condition Any condition, also one that the types do not allow.
 * @returns The mistake in words, `undefined` when there is none.
 */
export function conditionProblem(condition: Condition): string | undefined {
  if (typeof condition !== "object" || condition === null) {
    if (["started", "healthy", "completed"].includes(condition)) return undefined;
    return `${
      JSON.stringify(condition)
    } is no condition: started, healthy, completed, or an object`;
  }
  const kinds = KINDS.filter((kind) => kind in condition);
  if (kinds.length !== 1) {
    const keys = Object.keys(condition).map((key) => JSON.stringify(key)).join(", ") || "nothing";
    return `a condition has one of ${KINDS.join(", ")}, this one has ${keys}`;
  }
  if ("log" in condition) {
    const { log, times = 1 } = condition;
    if (!(times >= 1)) return `${times} matching lines are none: "times" must be 1 or more`;
    return patternProblem(log);
  }
  if ("port" in condition) return portProblem(condition.port);
  if ("http" in condition) {
    const { port, body } = condition.http;
    return portProblem(port) ?? (body === undefined ? undefined : patternProblem(body));
  }
  if ("exec" in condition) {
    return condition.exec.length > 0 ? undefined : "there is no program to run";
  }
  return undefined;
}

function portProblem(port: number): string | undefined {
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return undefined;
  return `port ${port} must be between 1 and 65535`;
}

function patternProblem(pattern: string | RegExp): string | undefined {
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
