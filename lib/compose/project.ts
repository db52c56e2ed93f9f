import type { Diagnostic } from "../diagnostics/mod.ts";
import type { ComposeModel } from "./model.ts";

/** Where a project is read from. */
export interface LoadOptions {
  /** Compose files, later ones on top. Default: `COMPOSE_FILE`, or found upwards from `cwd`. */
  readonly files?: readonly string[];
  /** Working directory. Default: that of the process. */
  readonly cwd?: string;
  /** What relative paths begin with. Default: the directory of the first file. */
  readonly projectDirectory?: string;
  /** Name. Default: `COMPOSE_PROJECT_NAME`, `name:` of the last file, name of the directory. */
  readonly projectName?: string;
  /** Active profiles, `*` for all. `COMPOSE_PROFILES` counts when none is given. */
  readonly profiles?: readonly string[];
  /** Services that are enabled although none of their profiles is active. */
  readonly services?: readonly string[];
  /** Files of variables. Default: `COMPOSE_ENV_FILES`, or `.env` in the project directory. */
  readonly envFiles?: readonly string[];
  /** Variables of the process, which win over files. Default: all of `Deno.env`. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * What keys of the specification are that superorch cannot do: a mistake, or a warning, and the
   * project goes on without them. Default `error`.
   */
  readonly unsupported?: "error" | "warning";
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** A project that was read without a mistake. */
export interface Project {
  /** Name of the project. */
  readonly name: string;
  /** Everything that is enabled, in its canonical form. */
  readonly model: ComposeModel;
  /** Absolute path of the directory that relative paths begin with. */
  readonly directory: string;
  /** Absolute paths of the files, in their order. */
  readonly files: readonly string[];
  /**
   * Absolute paths of all files that were read or looked for. As long as none of them changes, and
   * no variable, the project is the same.
   */
  readonly inputs: readonly string[];
  /** Names of all profiles. */
  readonly profiles: readonly string[];
  /** Names of services that no active profile enables. */
  readonly disabledServices: readonly string[];
  /** Values of the variables that configs and secrets are taken from. */
  readonly fileVariables: Readonly<Record<string, string>>;
  /** What is doubtful but no mistake: variables that are not set. */
  readonly warnings: readonly Diagnostic[];
}
