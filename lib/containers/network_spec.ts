import type { OutputWriter } from "../commands/output/mod.ts";
import type { ConnectOptions, EngineClient } from "../engine/mod.ts";
import type { Lifetime } from "./labels.ts";
import type { RunEvent } from "./run_event.ts";

/** The addresses of a network. */
export interface SubnetSpec {
  /** For example `10.213.7.0/24`. */
  readonly subnet: string;
  /** Address of the engine's end. Default: the first one. */
  readonly gateway?: string;
  /** Part of the subnet that addresses are given out from. */
  readonly range?: string;
  /** Addresses that are never given out, by any name. */
  readonly reserved?: Readonly<Record<string, string>>;
}

/** A further network, which containers are in that name it. */
export interface NetworkDefinition {
  /** Name on the engine. Default: made from its key and the names of the network and the run. */
  readonly name?: string;
  /** Whether it is there already and stays; needs its `name`. Default `false`. */
  readonly external?: boolean;
  /** Addresses. Default: the engine chooses. */
  readonly subnets?: readonly SubnetSpec[];
  /** Driver of the addresses. Default `default`. */
  readonly ipamDriver?: string;
  /** Options of the driver of the addresses. */
  readonly ipamOptions?: Readonly<Record<string, string>>;
  /** Whether it has IPv6; needs a subnet for it. Default `false`. */
  readonly ipv6?: boolean;
  /** Whether it has no way out. Default `false`. */
  readonly internal?: boolean;
  /** Whether containers of others may be connected; swarm networks only. Default `false`. */
  readonly attachable?: boolean;
  /** Driver. Default `bridge`. */
  readonly driver?: string;
  /** Options of the driver. */
  readonly driverOptions?: Readonly<Record<string, string>>;
  /** Labels of its own. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A volume that containers mount by its key; it outlives the run. */
export interface VolumeDefinition {
  /** Name on the engine. Default: the name of the network, `_` and the key. */
  readonly name?: string;
  /** Whether it must be there already. Default `false`. */
  readonly external?: boolean;
  /** Driver. Default `local`. */
  readonly driver?: string;
  /** Options of the driver. */
  readonly driverOptions?: Readonly<Record<string, string>>;
  /** Labels of its own. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** How a network is made. */
export interface NetworkOptions {
  /** The engine; it is not closed with the network. Default: found as `docker` finds it. */
  readonly engine?: EngineClient;
  /** Where to look for an engine. */
  readonly connect?: ConnectOptions;
  /**
   * Whether names on the engine carry the id of the run, so that several runs go side by side. The
   * names inside of the network are the same either way. Default `true`.
   */
  readonly unique?: boolean;
  /** How long everything lives that is made. Default `owner`. */
  readonly lifetime?: Lifetime;
  /** Directory for `{name}_stdout.log` and `{name}_stderr.log`; it is made. Default: no files. */
  readonly logDir?: string;
  /** Whether outputs are shown live. Default `true`. */
  readonly forward?: boolean;
  /** Takes the live view. Default `Deno.stdout`. */
  readonly stdout?: OutputWriter & { isTerminal?(): boolean };
  /** Takes the live view of error outputs and of progress. Default `Deno.stderr`. */
  readonly stderr?: OutputWriter & { isTerminal?(): boolean };
  /** How many nodes are started at a time. Default 4. */
  readonly startWidth?: number;
  /**
   * How containers are ended. `kill`: at once. `ask`: those that listen to their stop signal get it,
   * and have the time that their specification says, else 10 s; those that others depend on come
   * after these. Default `kill`.
   */
  readonly stop?: "kill" | "ask";
  /** Whether SIGINT, SIGTERM and SIGHUP clean up and end the process. Default `true`. */
  readonly handleSignals?: boolean;
  /** Addresses. Default: the engine chooses. */
  readonly subnets?: readonly SubnetSpec[];
  /** Whether it has IPv6; needs a subnet for it. Default `false`. */
  readonly ipv6?: boolean;
  /** Whether it has no way out. Default `false`. */
  readonly internal?: boolean;
  /** Driver. Default `bridge`. */
  readonly driver?: string;
  /** Options of the driver. */
  readonly driverOptions?: Readonly<Record<string, string>>;
  /** Labels of its own. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Further networks by key; each is made when a container that runs is in it. */
  readonly networks?: Readonly<Record<string, NetworkDefinition>>;
  /** Volumes by key; each is made when a container that runs mounts it. */
  readonly volumes?: Readonly<Record<string, VolumeDefinition>>;
  /** Takes what is worth knowing: sweeps, pulls, warnings. Default: lines on `stderr`. */
  readonly onProgress?: (line: string) => void;
  /** Takes what happens, for live views and records. Default: nobody. */
  readonly onEvent?: (event: RunEvent) => void;
  /** Ends the creation. */
  readonly signal?: AbortSignal;
}

/** What `run` may be told. */
export interface RunOptions {
  /** Everything must run within this time. Default: no limit. */
  readonly timeoutMs?: number;
  /** Ends the attempt. */
  readonly signal?: AbortSignal;
}

/** What `wait` may be told. */
export interface WaitOptions {
  /** The named ones must have ended within this time. Default: no limit. */
  readonly timeoutMs?: number;
  /** Whether the first failure of any node ends all of them. Default `true`. */
  readonly terminateOnFailure?: boolean;
  /** Ends the wait; nothing is terminated then. */
  readonly signal?: AbortSignal;
}

/** How a node ended. */
export interface NodeResult {
  /** Its name. */
  readonly name: string;
  /** What it is. */
  readonly kind: "container" | "command";
  /** Exit code; `undefined` when it was ended by us. */
  readonly exitCode: number | undefined;
  /** Whether the kernel killed it for memory. */
  readonly oomKilled: boolean;
  /** Whether we ended it. */
  readonly terminated: boolean;
  /** Whether it ended by itself with exit code 0. */
  readonly successful: boolean;
  /** The last bytes of its output. */
  readonly stdout: Uint8Array;
  /** The last bytes of its error output. */
  readonly stderr: Uint8Array;
  /** The output as text. */
  stdoutText(): string;
  /** The error output as text. */
  stderrText(): string;
}

/** One line of the summary of a network. */
export interface NodeSummary {
  /** Its name. */
  readonly name: string;
  /** Reference of its image, or its command line. */
  readonly origin: string;
  /** For example `exited`, `healthy`, `running`, `failed`. */
  readonly state: string;
  /** Exit code; `undefined` while it runs and when it was ended by us. */
  readonly exitCode: number | undefined;
  /** From the start of the network until it ran, or was healthy where it has a check. */
  readonly readyMs: number | undefined;
  /** How long it ran. */
  readonly ranMs: number | undefined;
}
