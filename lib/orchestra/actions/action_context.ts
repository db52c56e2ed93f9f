import type { RemoteArchives } from "../archives/remote_archives.ts";
import type { Log } from "../log.ts";
import type { Configuration, Hashes, World } from "../model.ts";
import type { ScriptRunner } from "./run_script.ts";

/** What the user wants of all actions of a run. */
export interface ActionOptions {
  /** Install scripts run tests. Default `false`. */
  readonly runTests?: boolean;
  /** What is installed is merged into the root. Default `true`. */
  readonly merge?: boolean;
  /** Temporary roots stay. Default `false`. */
  readonly keepTmproot?: boolean;
  /** What is built is archived, unless there is such an archive. Default `false`. */
  readonly createBinaryArchives?: boolean;
  /** Build directories go after a successful install. Default `false`. */
  readonly discardBuildDirectories?: boolean;
  /** How often git-lfs is tried. Default 3. */
  readonly lfsRetries?: number;
  /** The pause after the first failure of git-lfs, which doubles. Default 5 s. */
  readonly lfsPauseMs?: number;
  /** Runs scripts elsewhere, for example in a container. Default: in a process. */
  readonly scriptRunner?: (options: ScriptPlace) => ScriptRunner;
}

/** What a place for scripts has to know. */
export interface ScriptPlace {
  /** Name of the component. */
  readonly component: string;
  /** Name of the build. */
  readonly build: string;
  /** Which script it is. */
  readonly kind: "configure" | "install";
}

/** What an action works on. */
export interface ActionContext {
  /** Where things are, and what the user has configured. */
  readonly configuration: Configuration;
  /** What was there when the run began. */
  readonly world: World;
  /** The hashes of the components. */
  readonly hashes: Hashes;
  /** Archives of remotes. */
  readonly remoteArchives: RemoteArchives;
  /** What the user wants. */
  readonly options: ActionOptions;
  /** Takes messages. */
  readonly log: Log;
  /** Takes the output of scripts. Default: shown when they fail. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /** Keeps the output of the script. */
  readonly logFile?: string;
  /** Further variables for scripts. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends it. */
  readonly signal?: AbortSignal;
}
