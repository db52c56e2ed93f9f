import type { Diagnostic, SourceText } from "../../diagnostics/mod.ts";
import type { Place } from "../../yaml_tree/mod.ts";

export type { Place };

/**
 * How a line of a script becomes a program and its arguments: `false` takes the words as they are
 * and starts no shell, `auto` decides line by line (see `splitScript`), a list is the shell that is
 * given the line as its last argument.
 */
export type ShellRule = "auto" | false | readonly string[];

/** How the project gets into the container: the directory itself, or a copy of it. */
export type WorkspaceMode = "bind" | "copy";

/** A manifest, checked; every default is filled in, and version 1 looks like version 2. */
export interface Manifest {
  /** What the file says it is. */
  readonly version: 1 | 2;
  /** The file as it was read; its name is the path to show. */
  readonly source: SourceText;
  /** Absolute path of the file. */
  readonly path: string;
  /** Absolute path of the project: the directory of the file. */
  readonly directory: string;
  /** Name of the project, which ciphertexts are bound to; empty for none. */
  readonly project: string;
  /** Image of the main container, always with a tag or a digest; may contain `${…}`. */
  readonly image: Located<string>;
  /** How lines of scripts are run, unless a stage has its own rule. */
  readonly shell: ShellRule;
  /** Variables of all containers. */
  readonly environment: Environment;
  /** Whether the engine's socket is mounted, unless a stage says so itself. */
  readonly docker: boolean;
  /** How the project gets in, unless a stage says so itself. */
  readonly workspace: WorkspaceMode;
  /** Who can decrypt secrets: age recipients. */
  readonly recipients: readonly Located<string>[];
  /** Secrets by name, in the order of the file. */
  readonly secrets: ReadonlyMap<string, Secret>;
  /** What runs first, when there is one; it is not in `stages`. */
  readonly prepare: Stage | undefined;
  /** What runs, in the order of the list `stages`. */
  readonly stages: readonly Stage[];
  /** What runs at the end in any case, as well as it can. */
  readonly after: Stage | undefined;
  /** What is doubtful in the file. */
  readonly warnings: readonly Diagnostic[];
}

/** A value with its place. */
export interface Located<T> {
  /** The value. */
  readonly value: T;
  /** Where it was written; for a default, the start of the file. */
  readonly at: Place;
}

/** Variables. */
export interface Environment {
  /** What the runner's own environment gives: all but a few, nothing, or these names and globs. */
  readonly inherit: boolean | readonly string[];
  /** In their order; of the same name the last one counts. Values may contain `${…}` in version 2. */
  readonly vars: readonly EnvironmentVariable[];
}

/** One variable. */
export interface EnvironmentVariable {
  /** Its name. */
  readonly name: string;
  /** Its value. */
  readonly value: string;
  /** Where it was written. */
  readonly at: Place;
}

/** One stage as the file has it, with the file's `defaults` filled in. */
export interface Stage {
  /** Its name. */
  readonly name: string;
  /** Where its name stands. */
  readonly at: Place;
  /** `prepare` runs first, `after` last. */
  readonly kind: "prepare" | "stage" | "after";
  /** What it is for, in words. */
  readonly description: string | undefined;
  /** Its own image; may contain `${…}`. */
  readonly image: Located<string> | undefined;
  /** Its lines. */
  readonly script: readonly Located<string>[];
  /** How its lines are run. */
  readonly shell: ShellRule;
  /** Its own variables, on top of the manifest's. */
  readonly environment: readonly EnvironmentVariable[];
  /** What must have ended well; `undefined` for every stage before it in the list. */
  readonly needs: readonly Need[] | undefined;
  /** Its rows, after `exclude` and `include`; `undefined` without a matrix. */
  readonly matrix: readonly MatrixRow[] | undefined;
  /** Containers that run beside it. */
  readonly services: readonly Service[];
  /** What is kept from run to run. */
  readonly caches: readonly Cache[];
  /** What is handed on, and kept in `.buildr-out/artifacts`. */
  readonly artifacts: readonly Artifacts[];
  /** How long one attempt may take; `undefined` without limit. */
  readonly timeoutMs: number | undefined;
  /** When it is tried again. */
  readonly retry: Retry;
  /** Whether it may fail: always, never, or with these exit codes. */
  readonly allowFailure: boolean | readonly number[];
  /** When it runs at all. */
  readonly when: When;
  /** What it must be asked for by, and what an agent must carry. */
  readonly tags: readonly string[];
  /** Only one stage of this name runs at a time, among all runs of this machine; may contain `${…}`. */
  readonly concurrency: Located<string> | undefined;
  /** Names of the secrets that it gets. */
  readonly secrets: readonly Located<string>[];
  /** Whether the engine's socket is mounted. */
  readonly docker: boolean;
  /** How the project gets in; `copy` for rows of a matrix. */
  readonly workspace: WorkspaceMode;
  /** Whether it has a container of its own although nothing else asks for one. */
  readonly isolated: boolean;
  /** Its user: a name, `uid:gid`, or `host` for the one who runs this; `undefined` for the image's. */
  readonly user: string | undefined;
  /** Where the outcome of `prepare` is kept from; only `prepare` has it. */
  readonly snapshot: Snapshot | undefined;
}

/** A row of a matrix: names and values, in the order of the file. */
export type MatrixRow = Readonly<Record<string, string>>;

/** A stage that must have ended well. */
export interface Need {
  /** Its name. */
  readonly stage: string;
  /** Only rows with these values; `undefined` for all. */
  readonly matrix: MatrixRow | undefined;
  /** Whether its artifacts are put into the workspace first. Default `true`. */
  readonly artifacts: boolean;
  /** Whether it may be skipped; else who needs it is skipped with it. Default `false`. */
  readonly optional: boolean;
  /** Where it was written. */
  readonly at: Place;
}

/** A container that runs beside a stage, reachable by its name. */
export interface Service {
  /** Name that the stage reaches it by. */
  readonly name: string;
  /** Image, with tag or digest; may contain `${…}`. */
  readonly image: Located<string>;
  /** Variables; values may contain `${…}`. */
  readonly environment: readonly EnvironmentVariable[];
  /** Command in place of the image's. */
  readonly command: readonly string[] | undefined;
  /** Entrypoint in place of the image's. */
  readonly entrypoint: readonly string[] | undefined;
  /** When the stage's script may start. */
  readonly ready: Readiness;
  /** Where its name stands. */
  readonly at: Place;
}

/** When a service is ready. */
export interface Readiness {
  /**
   * `started`: its process runs; `healthy`: the image's own health check; `tcp`: a port takes
   * connections; `http`: an address answers with 2xx or 3xx; `log`: a line matches; `command`: a
   * program in it ends with 0.
   */
  readonly kind: "started" | "healthy" | "tcp" | "http" | "log" | "command";
  /** Port of `tcp` and `http`. */
  readonly port?: number;
  /** Path of `http`, beginning with `/`. */
  readonly path?: string;
  /** Regular expression of `log` (without flags). */
  readonly pattern?: string;
  /** Program of `command` and its arguments. */
  readonly command?: readonly string[];
  /** How long it may take. Default 60 s. */
  readonly timeoutMs: number;
}

/** Files that are kept from run to run. */
export interface Cache {
  /** Name of its content; may contain `${…}`. */
  readonly key: Located<string>;
  /** Beginnings of keys to take when there is none of this name, best first; may contain `${…}`. */
  readonly fallback: readonly Located<string>[];
  /** Paths: absolute ones of the container, others of the workspace. */
  readonly paths: readonly string[];
  /** Whether it is read only (`pull`) or written too after success. Default `pull-push`. */
  readonly policy: "pull-push" | "pull";
}

/** Files that a stage hands on. */
export interface Artifacts {
  /** Globs below the workspace. May contain `${…}`. */
  readonly paths: readonly Located<string>[];
  /** Globs that are left out again. */
  readonly exclude: readonly string[];
  /** After which outcome. Default `success`. */
  readonly when: "success" | "failure" | "always";
  /** How long they are kept; `undefined` for ever. */
  readonly expireMs: number | undefined;
}

/** When a stage is tried again. */
export interface Retry {
  /** How often after the first time. Default 0. */
  readonly max: number;
  /** After which causes: `script` (any exit code), `system`, `timeout`, or these exit codes. */
  readonly on: readonly ("script" | "system" | "timeout" | number)[];
  /** Pause before the next attempt. Default 0. */
  readonly backoffMs: number;
}

/** When a stage runs at all; every condition that is there must hold. */
export interface When {
  /** Globs of branches. */
  readonly branch: readonly string[] | undefined;
  /** Globs of tags of the commit. */
  readonly tag: readonly string[] | undefined;
  /** Globs, one of which must match a changed file. */
  readonly changes: readonly string[] | undefined;
  /**
   * Variables of the runner and the values (globs) they must have; `true` for any that is not empty,
   * `false` for one that is empty or not set.
   */
  readonly env: ReadonlyMap<string, string | boolean> | undefined;
  /** `only`: refs, one of which must match. */
  readonly only: readonly string[] | undefined;
  /** `except`: refs, none of which may match. */
  readonly except: readonly string[] | undefined;
  /**
   * After which outcome of what it needs; decided while running. `manual` is `success` for one that
   * somebody asked for by its name or its tag; else it does not run. Default `success`.
   */
  readonly status: "success" | "failure" | "always" | "manual";
}

/** Where the outcome of `prepare` is kept from. */
export interface Snapshot {
  /** Globs of files; when one changes, `prepare` runs again. */
  readonly inputs: readonly string[];
}

/** A value that nobody may see. */
export interface Secret {
  /** Its name: that of the variable. */
  readonly name: string;
  /** Where the name stands. */
  readonly at: Place;
  /** Where the value comes from: age ciphertext (base64 or armored), a variable, or a file. */
  readonly from:
    | {
      readonly kind: "age";
      readonly ciphertext: string;
      /** The manifest's `project`, which the ciphertext must have been made for; empty for none. */
      readonly scope: string;
      /** Where the ciphertext was written. */
      readonly at: Place;
    }
    | { readonly kind: "env"; readonly variable: string }
    | { readonly kind: "file"; readonly path: string };
  /** Whether the variable holds the value, or the path of a file with it. */
  readonly as: "variable" | "file";
  /** Whether a run goes on without it. */
  readonly optional: boolean;
}

/** How a manifest is found and read: `loadManifest(options)` in `manifest/load.ts`. */
export interface LoadManifestOptions {
  /** Directory of the project. Default `.`. */
  readonly path?: string;
  /** Name of the file, relative to the working directory; then `path` is only the project. */
  readonly file?: string;
  /** What relative paths begin with. Default `Deno.cwd()`. */
  readonly cwd?: string;
  /**
   * Whether stages may name secrets that are not there: for who is about to add them. Default
   * `false`.
   */
  readonly allowUndeclaredSecrets?: boolean;
  /** Gives up reading. */
  readonly signal?: AbortSignal;
}

/**
 * Writes a place as `file:line:col`.
 *
 * @param place Where.
 */
export function placeText({ source, range }: Place): string {
  const { line, column } = source.positionAt(range.start);
  return `${source.file}:${line}:${column}`;
}
