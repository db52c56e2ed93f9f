/** One thing that happened in a build, the same for both builders. */
export type BuildEvent = BuildStepEvent | BuildLogEvent | BuildStatusEvent | BuildNoteEvent;

/** A step began or ended. */
export interface BuildStepEvent {
  /** Tells the kinds apart. */
  readonly kind: "step";
  /** Names the step within this build. */
  readonly vertex: string;
  /** The step in the builder's words, for example `[2/3] RUN make` or `Step 2/3 : RUN make`. */
  readonly text: string;
  /** What has become of it. */
  readonly state: "started" | "done" | "failed";
  /** Whether the result was there already. */
  readonly cached: boolean;
  /** Why it failed, in the builder's words. */
  readonly error?: string;
}

/** A step printed something. */
export interface BuildLogEvent {
  /** Tells the kinds apart. */
  readonly kind: "log";
  /** The step. */
  readonly vertex: string;
  /** Where the step wrote it. */
  readonly stream: "stdout" | "stderr";
  /** What came, in whole characters, not always in whole lines. */
  readonly text: string;
}

/** How far a part of a step is: a transfer, a layer, a pull. */
export interface BuildStatusEvent {
  /** Tells the kinds apart. */
  readonly kind: "status";
  /** The step. */
  readonly vertex: string;
  /** The part. */
  readonly text: string;
  /** How much is done; bytes for transfers. */
  readonly current: number;
  /** How much there is; 0 when that is not known. */
  readonly total: number;
}

/** Something that the caller may want to know and that is no failure. */
export interface BuildNoteEvent {
  /** Tells the kinds apart. */
  readonly kind: "note";
  /** One sentence. */
  readonly text: string;
}

/** Takes the events of a build in order. What it throws ends the build with that error. */
export type BuildEventSink = (event: BuildEvent) => void;
