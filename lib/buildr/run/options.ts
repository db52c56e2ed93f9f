import type { ConnectOptions, EngineClient, ReadEnv } from "../../engine/mod.ts";
import type { RunEvent } from "./events.ts";

/** When images are pulled. */
export type PullPolicy = "always" | "missing" | "never";

/** Which containers stay after the run. */
export type KeepPolicy = "never" | "on-failure" | "always";

/** A stage whose container runs, for a person to look into. */
export interface StageSession {
  /** Id of the node. */
  readonly node: string;
  /** The engine. */
  readonly engine: EngineClient;
  /** Its container. */
  readonly containerId: string;
  /** All its variables, secrets too. */
  readonly env: Readonly<Record<string, string>>;
  /** Its directory. */
  readonly workdir: string;
  /** Its user; `undefined` for the image's. */
  readonly user: string | undefined;
  /** Ends when the run is to end. */
  readonly signal: AbortSignal;
}

/** How a plan is run. */
export interface RunPlanOptions {
  /** The engine; it is not closed. Default: found as `docker` finds it. */
  readonly engine?: EngineClient;
  /** Where to look for an engine. */
  readonly connect?: ConnectOptions;
  /** Reads the runner's environment: places of caches and state. Default `Deno.env.get`. */
  readonly env?: ReadEnv;
  /** How many stages run at a time. Default 4, or as many as there are processors. */
  readonly jobs?: number;
  /** When images are pulled. Default `missing`. */
  readonly pull?: PullPolicy;
  /** Which containers stay. Default `never`. */
  readonly keep?: KeepPolicy;
  /**
   * Path of the engine's socket on its own machine, mounted where a stage has `docker`; `false`
   * mounts none anywhere. Default: the socket that the engine was reached by, else
   * `/var/run/docker.sock`.
   */
  readonly dockerSocket?: string | false;
  /** How long all of it may take. Default: no limit. */
  readonly timeoutMs?: number;
  /** Values of secrets that are known already, by name; the others are opened. */
  readonly secrets?: ReadonlyMap<string, string>;
  /** Id that the one who ordered the run knows it by: `BUILDR_BUILD_ID`, and a label. */
  readonly buildId?: string;
  /** Which attempt at that build it is. Default 1. */
  readonly buildAttempt?: number;
  /**
   * What tells projects apart in caches and snapshots, for example the address of a repository that
   * is cloned anew each time. Default: the directory.
   */
  readonly project?: string;
  /** Where artifacts go. Default `.buildr-out` in the project. */
  readonly outDirectory?: string;
  /**
   * Takes what happens, in order; a promise holds up the output that it came with, so that memory
   * stays flat however slow the reader is.
   */
  readonly onEvent?: (event: RunEvent) => unknown;
  /** Takes the output of scripts byte for byte, masked; a promise holds it up. */
  readonly onOutput?: (node: string, stream: "stdout" | "stderr", bytes: Uint8Array) => unknown;
  /** Is called when a stage failed for good, while its container still runs. */
  readonly onFailure?: (session: StageSession) => Promise<void>;
  /** What is done in place of the lines of one stage, for `buildr shell`. */
  readonly insteadOfScript?: {
    /** Id of the node. */
    readonly node: string;
    /** Gives the exit code of the stage. */
    readonly run: (session: StageSession) => Promise<number>;
  };
  /** Ends the run: everything is cleaned up, and the result is `canceled`. */
  readonly signal?: AbortSignal;
  /**
   * Whether the plan's `after` runs, for 5 s at most, when `signal` has ended the run for this
   * reason: somebody does not want the run any more, and what it began has to be told or undone.
   * Default: never. After the end of its time it runs in any case.
   */
  readonly afterAbort?: (reason: unknown) => boolean;
}
