/** How an image comes onto the engine. */
export interface ImageEvent {
  /** Tells the kinds apart. */
  readonly kind: "image";
  /** The container that needs it first. */
  readonly name: string;
  /** Its reference, or the path of its Dockerfile. */
  readonly reference: string;
  /** What is done. */
  readonly action: "pull" | "build";
  /** How far it is. A failure shows as the end of the container that needs it. */
  readonly state: "started" | "progress" | "done";
  /** How much is done: bytes of a pull, steps of a build. Absent while nothing is known. */
  readonly current?: number;
  /** How much there is, as far as it is known by now: it may grow. */
  readonly total?: number;
  /** What is going on, in the engine's words; may hold control characters. */
  readonly text?: string;
}

/** A step in the life of a container or host command. */
export interface NodeEvent {
  /** Tells the kinds apart. */
  readonly kind: "node";
  /** Its name. */
  readonly name: string;
  /** As in a summary: `created`, `starting`, `running`, `healthy`, `unhealthy`, `exited`, … */
  readonly state: string;
  /** What happened, for example `started`, `healthy`, `exit code 1`. */
  readonly what: string;
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** Exit code; absent while it runs and when it was ended by us. */
  readonly exitCode?: number;
  /** Whether it was there already, from an earlier run, and goes on. */
  readonly kept: boolean;
}

/** A line of output. */
export interface LineEvent {
  /** Tells the kinds apart. */
  readonly kind: "line";
  /** Who wrote it. */
  readonly name: string;
  /** Where it was written. */
  readonly stream: "stdout" | "stderr";
  /** The line without its end; may hold control characters. */
  readonly text: string;
}

/** Something that happens in a network, told while it happens. */
export type RunEvent = ImageEvent | NodeEvent | LineEvent;
