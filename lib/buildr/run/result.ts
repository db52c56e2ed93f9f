import type { MatrixRow } from "../manifest/model.ts";

/**
 * How a node of a plan ended: `passed`; `allowed`, failed where it may; `failed` by the exit code of
 * a script; `timeout`; `error` of what is around it: engine, image, service; `canceled`; `skipped`.
 */
export type NodeStatus =
  | "passed"
  | "allowed"
  | "failed"
  | "timeout"
  | "error"
  | "canceled"
  | "skipped";

/** What a failure came from; `retry.on` of the manifest names the same. */
export type FailureCause = "script" | "system" | "timeout";

/** Why a node failed. */
export interface NodeFailure {
  /** Where it came from. */
  readonly cause: FailureCause;
  /** One sentence without a final period; several lines where an engine has more to say. */
  readonly message: string;
  /** The line of the script, where it was one. */
  readonly command?: string;
  /** Where that line stands: `file:line:col`. */
  readonly where?: string;
  /** Exit code of that line. */
  readonly exitCode?: number;
  /** The last lines of the output, 20 at most. */
  readonly lastLines: readonly string[];
}

/** How one node of a plan ended. */
export interface NodeResult {
  /** Its id in the plan, for example `unit[node=20]`. */
  readonly id: string;
  /** Its stage. */
  readonly stage: string;
  /** Its row, where the stage has a matrix. */
  readonly row?: MatrixRow;
  /** How it ended. */
  readonly status: NodeStatus;
  /** Why it did not run, or why its failure does not count. */
  readonly reason?: string;
  /** Exit code of the line that failed, 0 when all passed; absent when none ended by itself. */
  readonly exitCode?: number;
  /** How often it was tried. */
  readonly attempts: number;
  /** From the end of what it needs until its start, in milliseconds. */
  readonly queuedMs: number;
  /** From its start to its end, all attempts, in milliseconds. */
  readonly wallMs: number;
  /** When it started, ISO 8601. */
  readonly startedAt?: string;
  /** Why it failed. */
  readonly failure?: NodeFailure;
  /** Files that it handed on, below `.buildr-out/artifacts`. */
  readonly artifacts?: readonly string[];
  /** Name of its container on the engine, when it was kept. */
  readonly keptContainer?: string;
}

/** How a run ended. */
export type RunStatus = "passed" | "failed" | "timeout" | "error" | "canceled";

/** What a run did. */
export interface RunResult {
  /** Its id, 16 hexadecimal digits: that of the labels on the engine. */
  readonly run: string;
  /** How it ended; that of the first node that failed. */
  readonly status: RunStatus;
  /**
   * What the command line ends with: 0 passed, 1 a stage failed, 124 timed out, 255 `prepare` or the
   * environment failed, 130 canceled.
   */
  readonly exitCode: number;
  /** When it began, ISO 8601. */
  readonly startedAt: string;
  /** How long it took, in milliseconds. */
  readonly wallMs: number;
  /** How each node ended, in the order of the plan, `after` last. */
  readonly nodes: readonly NodeResult[];
}
