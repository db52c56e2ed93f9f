import type { ConnectOptions, EngineClient } from "../engine/mod.ts";
import type { NetworkFailedError, NetworkOptions, NodeSummary } from "../containers/mod.ts";
import type { SelectOptions } from "./up_target.ts";
import type { UpEvent } from "./up_event.ts";

/** How a project is brought up. */
export interface UpOptions
  extends
    Pick<SelectOptions, "only" | "noDeps" | "scale" | "pull">,
    Pick<NetworkOptions, "logDir" | "forward" | "stdout" | "stderr"> {
  /** The engine; it is not closed. Default: found as `docker` finds it. */
  readonly engine?: EngineClient;
  /** Where to look for an engine. */
  readonly connect?: ConnectOptions;
  /** Whether everything is left running, to be found again by name. Default `false`. */
  readonly detach?: boolean;
  /** Whether it counts as up only when health checks say so and jobs are done. Default `false`. */
  readonly wait?: boolean;
  /** Everything must be up within this time. Default: no limit. */
  readonly timeoutMs?: number;
  /** Whether what can be built is built although its image is there. Default `false`. */
  readonly build?: boolean;
  /** Whether the first failure ends everything. Default `false`: the others go on. */
  readonly abortOnFailure?: boolean;
  /** A service whose end ends everything, and whose exit code counts; implies `abortOnFailure`. */
  readonly exitCodeFrom?: string;
  /** Whether containers of the project that it does not have any more are removed. Default `false`. */
  readonly removeOrphans?: boolean;
  /** Takes what happens. */
  readonly onEvent?: (event: UpEvent) => void;
  /** Ends everything: services are asked to end, and what was made is removed. */
  readonly signal?: AbortSignal;
}

/** How it went. */
export interface UpResult {
  /** Name of the project. */
  readonly name: string;
  /** 0, 1 after a failure, 124 after a time-out, or the exit code of `exitCodeFrom`. */
  readonly exitCode: number;
  /** What failed, with the guilty one first, or what took too long. */
  readonly failure?: NetworkFailedError | Error;
  /** Whether anything had to be done. */
  readonly changed: boolean;
  /** One entry for each container and command. */
  readonly summary: readonly NodeSummary[];
  /** Containers of the project that it does not have any more, and that were left. */
  readonly orphans: readonly string[];
}
