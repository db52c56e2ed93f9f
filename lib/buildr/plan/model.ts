import type { Diagnostic } from "../../diagnostics/mod.ts";
import type { Manifest, MatrixRow, Place, Readiness, Secret, Stage } from "../manifest/model.ts";

/** Which part of a manifest is to run; without anything, all of it. */
export interface Selection {
  /** These stages and everything they need. */
  readonly stages?: readonly string[];
  /** Exactly these stages; what they need counts as done. */
  readonly only?: readonly string[];
  /** This stage and every later one in the list. */
  readonly from?: string;
  /** This stage and every earlier one in the list. */
  readonly until?: string;
  /** Not these; what needs them runs all the same. `prepare` and `after` can be named too. */
  readonly skip?: readonly string[];
  /** Only stages with one of these tags, and what they need; stages with tags run only so. */
  readonly tags?: readonly string[];
  /**
   * Stages with tags that are all among these run beside those without tags: what an agent was asked
   * for.
   */
  readonly grantedTags?: readonly string[];
  /** No stages with one of these tags. */
  readonly skipTags?: readonly string[];
  /** Only rows with these values; several values of a name are alternatives. */
  readonly matrix?: Readonly<Record<string, readonly string[]>>;
  /** The last run: only what did not pass in it, and what needs that, runs. */
  readonly rerunFailed?: LastRun;
}

/** What is known of an earlier run. */
export interface LastRun {
  /** Outcomes by id of the node. */
  readonly nodes: readonly { readonly id: string; readonly status: string }[];
}

/** What a plan depends on beside the manifest. */
export interface RunFacts {
  /** The runner's environment: for `inherit`, `when.env` and `${env.X}`. Default none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables on top of the manifest's, as from `-e` and `--env-file`. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Branch; empty when there is none. */
  readonly branch?: string;
  /** Tag of the commit; empty when there is none. */
  readonly tag?: string;
  /** Commit; empty when there is none. */
  readonly commit?: string;
  /** Paths that changed; `undefined` when nobody knows: then `changes` holds. */
  readonly changedFiles?: readonly string[];
  /** Hashes of `${hash:GLOB}` by glob; `gatherFacts` computes them. */
  readonly hashes?: Readonly<Record<string, string>>;
}

/** What will run, decided before anything is started. */
export interface RunPlan {
  /** The manifest that it was made from. */
  readonly manifest: Manifest;
  /**
   * Every stage times every row: `prepare` first, then in the order of the list; also those that
   * are skipped. A node needs only nodes before it or after it in this list, never itself.
   */
  readonly nodes: readonly PlanNode[];
  /** What runs at the end in any case; `undefined` without one. */
  readonly after: PlanNode | undefined;
  /** Variables on top of the manifest's; they are in the `env` of each node. */
  readonly variables: Readonly<Record<string, string>>;
  /** What is doubtful. */
  readonly warnings: readonly Diagnostic[];
}

/** One stage and row. */
export interface PlanNode {
  /** Unique in the plan: `unit`, or `unit[node=20,db=pg]` for a row. */
  readonly id: string;
  /** The stage. */
  readonly stage: Stage;
  /** The row; `undefined` without a matrix. */
  readonly row: MatrixRow | undefined;
  /** What must have ended well before it starts; what was not asked for counts as done. */
  readonly needs: readonly PlanNeed[];
  /** Where it runs. */
  readonly placement: Placement;
  /**
   * Its variables without secrets, all `${…}` replaced, in their order: inherited ones, those that
   * `buildr` provides and that are known now, the manifest's, the stage's, those of the command
   * line. {@linkcode RUN_TIME_VARIABLES} are added by who runs it.
   */
  readonly env: Readonly<Record<string, string>>;
  /** Secrets that it gets. */
  readonly secrets: readonly Secret[];
  /** Its lines. */
  readonly commands: readonly PlannedCommand[];
  /** Services, all `${…}` replaced. */
  readonly services: readonly PlannedService[];
  /** Caches, all `${…}` replaced. */
  readonly caches: readonly PlannedCache[];
  /** Artifacts, all `${…}` replaced. */
  readonly artifacts: readonly PlannedArtifacts[];
  /** Name under which only one runs at a time. */
  readonly concurrency: string | undefined;
  /** Why it does not run; `undefined` when it does, as far as the plan can know. */
  readonly skip: SkipReason | undefined;
}

/** A node that another one needs. */
export interface PlanNeed {
  /** Its id. */
  readonly id: string;
  /** Whether its artifacts are put into the workspace first. */
  readonly artifacts: boolean;
  /** Whether it may be skipped, as by its conditions; `true` for what only stands before it. */
  readonly optional: boolean;
}

/** Where a node runs. */
export type Placement =
  | {
    /** In the container that all such stages share, one after the other. */
    readonly kind: "main";
    /** Its image. */
    readonly image: string;
  }
  | {
    /** In a container of its own. */
    readonly kind: "fresh";
    /** Its image. */
    readonly image: string;
    /** Whether it starts from what `prepare` made; `false` without one, or with another image. */
    readonly prepared: boolean;
    /** Why: the key of the stage that asks for it, for example `image`. */
    readonly because: string;
  };

/** One line of a script. */
export interface PlannedCommand {
  /** As the file has it, `${matrix.…}` replaced. */
  readonly text: string;
  /** Program and arguments, for exec. */
  readonly argv: readonly string[];
  /** Whether a shell of ours runs it, so that `argv` ends with the text. */
  readonly shell: boolean;
  /** Where it was written. */
  readonly at: Place;
  /** The same as `file:line:col`. */
  readonly where: string;
}

/** A service whose values are final. */
export interface PlannedService {
  /** Name that the stage reaches it by. */
  readonly name: string;
  /** Image. */
  readonly image: string;
  /** Variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Command in place of the image's. */
  readonly command: readonly string[] | undefined;
  /** Entrypoint in place of the image's. */
  readonly entrypoint: readonly string[] | undefined;
  /** When the script may start. */
  readonly ready: Readiness;
  /** Where its name stands. */
  readonly at: Place;
}

/** A cache whose values are final. */
export interface PlannedCache {
  /** Name of its content. */
  readonly key: string;
  /** Beginnings of keys to take when there is none of this name. */
  readonly fallback: readonly string[];
  /** Paths: absolute ones of the container, others of the workspace. */
  readonly paths: readonly string[];
  /** Whether it is written too. */
  readonly policy: "pull-push" | "pull";
}

/** Artifacts whose values are final. */
export interface PlannedArtifacts {
  /** Globs below the workspace. */
  readonly paths: readonly string[];
  /** Globs that are left out again. */
  readonly exclude: readonly string[];
  /** After which outcome. */
  readonly when: "success" | "failure" | "always";
  /** How long they are kept. */
  readonly expireMs: number | undefined;
}

/** Why a node does not run. */
export interface SkipReason {
  /** For programs. */
  readonly code:
    | "selection"
    | "skip"
    | "tags"
    | "matrix"
    | "when"
    | "manual"
    | "needs"
    | "passed"
    | "empty";
  /** For people, for example `when.branch: "topic" matches none of "main", "release/*"`. */
  readonly message: string;
}

/** Variables of a stage that are known only while it runs. */
export const RUN_TIME_VARIABLES: readonly string[] = [
  "BUILDR_RUN_ID",
  "BUILDR_STATUS",
  "BUILDR_BUILD_ID",
  "BUILDR_ATTEMPT",
];

/** How a plan is made: `planRun(manifest, options)` in `plan/plan_run.ts`; it reads nothing. */
export interface PlanOptions extends Selection {
  /** What the plan depends on. Default nothing. */
  readonly facts?: RunFacts;
}
