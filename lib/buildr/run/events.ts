import type { MatrixRow } from "../manifest/model.ts";
import type { FailureCause, NodeResult, RunResult } from "./result.ts";

/** What every event has. */
export interface RunEventBase {
  /** When, ISO 8601. */
  readonly at: string;
}

/** A run begins; nothing is on the engine yet. */
export interface RunStartedEvent extends RunEventBase {
  /** Tells the kinds apart. */
  readonly type: "run_started";
  /** Id of the run. */
  readonly run: string;
  /** Path of the manifest, as it is shown. */
  readonly manifest: string;
  /** Directory of the project. */
  readonly directory: string;
  /** Ids of all nodes of the plan, in its order. */
  readonly nodes: readonly string[];
}

/** Something worth knowing: a pull, a cache that was found, a warning. */
export interface NoteEvent extends RunEventBase {
  /** Tells the kinds apart. */
  readonly type: "note";
  /** How bad it is. */
  readonly level: "info" | "warning";
  /** The node that it is about, where there is one. */
  readonly node?: string;
  /** One sentence. */
  readonly message: string;
}

/** A node begins, or is tried again. */
export interface StageStartedEvent extends RunEventBase {
  /** Tells the kinds apart. */
  readonly type: "stage_started";
  /** Id of the node. */
  readonly node: string;
  /** Name of the stage. */
  readonly stage: string;
  /** Its row, where the stage has a matrix. */
  readonly row?: MatrixRow;
  /** From 1. */
  readonly attempt: number;
  /** Its image. */
  readonly image: string;
}

/** A line of a script begins. */
export interface ScriptStartedEvent extends RunEventBase {
  /** Tells the kinds apart. */
  readonly type: "script_started";
  /** Id of the node. */
  readonly node: string;
  /** From 1. */
  readonly attempt: number;
  /** Number of the line in the script, from 0. */
  readonly index: number;
  /** The line. */
  readonly command: string;
  /** Where it stands: `file:line:col`. */
  readonly where: string;
}

/** A piece of output. */
export interface OutputEvent extends RunEventBase {
  /** Tells the kinds apart. */
  readonly type: "output";
  /** Id of the node. */
  readonly node: string;
  /** Which output it came from. */
  readonly stream: "stdout" | "stderr";
  /** The text, masked; no character is ever cut in two. */
  readonly text: string;
}

/** A line of a script ended. */
export interface ScriptFinishedEvent extends RunEventBase {
  /** Tells the kinds apart. */
  readonly type: "script_finished";
  /** Id of the node. */
  readonly node: string;
  /** From 1. */
  readonly attempt: number;
  /** Number of the line in the script, from 0. */
  readonly index: number;
  /** Its exit code. */
  readonly exitCode: number;
  /** How long it took, in milliseconds. */
  readonly wallMs: number;
}

/** An attempt failed, and there will be another one. */
export interface StageRetryEvent extends RunEventBase {
  /** Tells the kinds apart. */
  readonly type: "stage_retry";
  /** Id of the node. */
  readonly node: string;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** What it failed of. */
  readonly cause: FailureCause;
  /** Why. */
  readonly message: string;
  /** Pause before the next one, in milliseconds. */
  readonly delayMs: number;
}

/** A node ended, or was passed over. */
export interface StageFinishedEvent extends RunEventBase {
  /** Tells the kinds apart: `stage_skipped` when it never began. */
  readonly type: "stage_finished" | "stage_skipped";
  /** Id of the node. */
  readonly node: string;
  /** How. */
  readonly result: NodeResult;
}

/** The run is over, and nothing of it is left on the engine but what was to be kept. */
export interface RunFinishedEvent extends RunEventBase {
  /** Tells the kinds apart. */
  readonly type: "run_finished";
  /** How. */
  readonly result: RunResult;
}

/**
 * What happens in a run, as plain data: `JSON.stringify` loses nothing of it. Every text in it has
 * been masked.
 */
export type RunEvent =
  | RunStartedEvent
  | NoteEvent
  | StageStartedEvent
  | ScriptStartedEvent
  | OutputEvent
  | ScriptFinishedEvent
  | StageRetryEvent
  | StageFinishedEvent
  | RunFinishedEvent;
