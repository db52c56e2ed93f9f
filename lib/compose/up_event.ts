import type { NodeSummary, RunEvent } from "../containers/mod.ts";

/** What is brought up; the first event. */
export interface ProjectEvent {
  /** Tells the kinds apart. */
  readonly kind: "project";
  /** Name of the project. */
  readonly name: string;
  /** What is brought up, in the order of its start. */
  readonly nodes: readonly {
    /** Name of the container or command. */
    readonly name: string;
    /** The service that it belongs to. */
    readonly service: string;
    /** Names of what it waits for. */
    readonly after: readonly string[];
  }[];
}

/** Everything runs, and with `wait` is ready. */
export interface ReadyEvent {
  /** Tells the kinds apart. */
  readonly kind: "ready";
  /** Whether anything had to be done. */
  readonly changed: boolean;
}

/** A container of the project that its file does not have any more. */
export interface OrphanEvent {
  /** Tells the kinds apart. */
  readonly kind: "orphan";
  /** Its name in the project. */
  readonly name: string;
  /** Whether it was removed: on request, or as one of more replicas than are wanted now. */
  readonly removed: boolean;
}

/** Something worth knowing. */
export interface NoteEvent {
  /** Tells the kinds apart. */
  readonly kind: "note";
  /** One sentence; may hold control characters. */
  readonly text: string;
}

/** How everything ended, or what was left running; the last event. */
export interface SummaryEvent {
  /** Tells the kinds apart. */
  readonly kind: "summary";
  /** One entry for each container and command. */
  readonly nodes: readonly NodeSummary[];
}

/** Something that happens while a project is brought up and runs. */
export type UpEvent =
  | ProjectEvent
  | ReadyEvent
  | OrphanEvent
  | NoteEvent
  | SummaryEvent
  | RunEvent;
