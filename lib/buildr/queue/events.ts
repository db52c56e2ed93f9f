/** What happened to a build, as it travels: JSON with exactly these names. */
export interface BuildEvent {
  /** Version of this format. */
  readonly v: 1;
  /** Id of the build. */
  readonly build: string;
  /** Which start of it, from 1. Events of an earlier one are dropped once a later one began. */
  readonly attempt: number;
  /** Name of the agent; that of the coordinator for what it decides itself. */
  readonly agent: string;
  /**
   * What the agent has the build by, unique for each time that one takes it: after a crash in the
   * worst moment two agents run the same attempt, and one of them counts.
   */
  readonly lease: string;
  /** Place of the event in its attempt, from 0, without gaps. */
  readonly seq: number;
  /** When: milliseconds since 1970. */
  readonly ts: number;
  /** What. */
  readonly type: BuildEventType;
  /** Id of the stage and row, for `stage` and `log`. */
  readonly stage?: string;
  /** State that the build or the stage is in now. */
  readonly status?: BuildStatus | StageStatus;
  /** Text of a `log` (at most {@linkcode MAX_LOG_BYTES} of UTF-8), or a reason for people. */
  readonly data?: string;
  /** Details of a `started` and a `finished`: the commit, exit code, times. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Kinds of events: about the build, about a stage, output. */
export type BuildEventType = "queued" | "started" | "stage" | "log" | "finished";

/** States of a build; the last five are final. */
export type BuildStatus =
  | "queued"
  | "running"
  | "passed"
  | "failed"
  | "error"
  | "canceled"
  | "timeout";

/** States of a stage. */
export type StageStatus =
  | "waiting"
  | "running"
  | "passed"
  | "failed"
  | "allowed"
  | "skipped"
  | "canceled"
  | "timeout"
  | "error";

/** Most of the output that one event carries, in bytes. */
export const MAX_LOG_BYTES = 8 * 1024;

/** Whether nothing follows a state. */
export function isFinal(status: string | undefined): boolean {
  return ["passed", "failed", "error", "canceled", "timeout"].includes(status ?? "");
}

/**
 * Reads an event.
 *
 * @param content The message.
 * @returns The event.
 * @throws {TypeError} when it is none.
 */
export function parseEvent(content: Uint8Array | string): BuildEvent {
  const text = typeof content === "string" ? content : new TextDecoder().decode(content);
  let value: Partial<BuildEvent>;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TypeError("The message is not an event: it is not JSON", { cause });
  }
  const isEvent = typeof value === "object" && value !== null && value.v === 1 &&
    typeof value.build === "string" && Number.isSafeInteger(value.attempt) &&
    typeof value.agent === "string" && typeof value.lease === "string" &&
    Number.isSafeInteger(value.seq) &&
    typeof value.ts === "number" && TYPES.includes(value.type as BuildEventType) &&
    [value.stage, value.status, value.data].every((part) =>
      part === undefined || typeof part === "string"
    ) && (value.detail === undefined || typeof value.detail === "object");
  if (!isEvent) throw new TypeError("The message is not an event of version 1");
  return value as BuildEvent;
}

const TYPES: readonly BuildEventType[] = ["queued", "started", "stage", "log", "finished"];

/** What an agent says of itself. */
export interface AgentHeartbeat {
  /** Version of this format. */
  readonly v: 1;
  /** Its name, unique among all. */
  readonly agent: string;
  /** When: milliseconds since 1970. */
  readonly ts: number;
  /** How many builds it runs at a time. */
  readonly slots: number;
  /** Builds that it runs now. */
  readonly builds: readonly string[];
  /** What it carries. */
  readonly tags: readonly string[];
  /** Whether it takes no more builds. */
  readonly draining: boolean;
  /** Load average of the last minute. */
  readonly load?: number;
  /** `superorch` version. */
  readonly version?: string;
}

/** What the coordinator tells all agents. */
export type ControlMessage =
  | {
    readonly v: 1;
    readonly type: "cancel";
    readonly build: string;
    /** Only whoever has it by this; everybody without one. */
    readonly lease?: string;
    readonly reason?: string;
  }
  | { readonly v: 1; readonly type: "drain"; readonly agent?: string }
  | { readonly v: 1; readonly type: "ping" };

/** What the first program sends to the queue that a message names in `reply_to`. */
export interface SeedReply {
  /** Text for people: output, or what happens. */
  readonly message: string;
  /** `Pending` until the last one, which says `Build Finished`. */
  readonly result: "Pending" | "Pass" | "Fail" | "Error";
}
