import { isNull, type Place, type TreeNode } from "../../yaml_tree/mod.ts";
import type {
  Artifacts,
  Cache,
  EnvironmentVariable,
  Located,
  MatrixRow,
  Need,
  Retry,
  Service,
  ShellRule,
  Snapshot,
  Stage,
  When,
  WorkspaceMode,
} from "./model.ts";
import { matrix } from "./_matrix.ts";
import { artifacts, caches, needs, refs, retry, snapshot, when } from "./_parts.ts";
import { services } from "./_services.ts";
import {
  bool,
  type Fields,
  filled,
  listOrOne,
  located,
  meant,
  type Reader,
  readFields,
} from "./_reader.ts";
import {
  allowFailure,
  duration,
  image,
  script,
  shell,
  stageVariables,
  tags,
  template,
  workspace,
} from "./_values.ts";

/** The keys of a stage, as they are written. */
export interface RawStage {
  description: string;
  image: Located<string>;
  script: readonly Located<string>[];
  shell: ShellRule;
  environment: readonly EnvironmentVariable[];
  needs: readonly Need[];
  matrix: readonly MatrixRow[];
  services: readonly Service[];
  cache: readonly Cache[];
  artifacts: readonly Artifacts[];
  timeout: number;
  retry: Retry;
  allow_failure: boolean | readonly number[];
  when: Partial<When>;
  only: readonly string[];
  except: readonly string[];
  tags: readonly string[];
  concurrency: Located<string>;
  secrets: readonly Located<string>[];
  docker: boolean;
  workspace: WorkspaceMode;
  isolated: boolean;
  user: string;
  snapshot: Snapshot;
}

const secretNames = listOrOne(located(filled));

const all: Fields<RawStage> = {
  description: { shape: filled, doc: "What it is for." },
  image: { shape: image, doc: "Its own image; it runs in a container of its own then." },
  script: { shape: script, doc: "Its lines, one after the other; the first that fails ends it." },
  shell: { shape: shell, doc: "What runs its lines: auto, a shell such as [sh, -ec], or false." },
  environment: { shape: stageVariables, doc: "Its own variables, on top of the manifest's." },
  needs: {
    shape: needs,
    doc: "What must have ended well. Without it: all stages before it in the list.",
  },
  matrix: { shape: matrix, doc: "Names and their values; it runs once for each combination." },
  services: { shape: services, doc: "Containers beside it, reachable by their names." },
  cache: { shape: caches, doc: "Files that are kept from run to run." },
  artifacts: { shape: artifacts, doc: "Files that it hands on, kept in .buildr-out/artifacts." },
  timeout: { shape: duration, doc: "How long one attempt may take, for example 10m." },
  retry: { shape: retry, doc: "When it is tried again." },
  allow_failure: {
    shape: allowFailure,
    doc: "Whether the run goes on well when it fails: true, or exit codes.",
  },
  when: { shape: when, doc: "When it runs at all; every condition must hold." },
  only: { shape: refs, doc: "Branches and tags that it runs for, as in GitLab." },
  except: { shape: refs, doc: "Branches and tags that it does not run for, as in GitLab." },
  tags: { shape: tags, doc: "What it must be asked for by (--tags), and what an agent must have." },
  concurrency: { shape: template, doc: "Only one stage of this name runs at a time." },
  secrets: { shape: secretNames, doc: "Names of the secrets that it gets." },
  docker: { shape: bool, doc: "Whether the engine's socket is mounted." },
  workspace: { shape: workspace, doc: "The project itself (bind), or a copy of it (copy)." },
  isolated: { shape: bool, doc: "Whether it has a container of its own." },
  user: { shape: filled, doc: "Its user: a name, uid:gid, or host for who runs this." },
  snapshot: { shape: snapshot, doc: "Where the outcome of prepare is kept from." },
};

/** Some of the keys of a stage. */
export type StageFields = Fields<Partial<RawStage>>;

function pick(...names: readonly (keyof RawStage)[]): StageFields {
  const picked = Object.fromEntries(names.map((name) => [name, all[name]]));
  return picked as unknown as StageFields;
}

/** Keys of a stage of version 1. */
export const V1_STAGE: StageFields = pick("script", "shell", "timeout", "tags", "allow_failure");

/** Keys of a stage of version 2. */
export const V2_STAGE: StageFields = pick(
  ...(Object.keys(all) as (keyof RawStage)[]).filter((name) => name !== "snapshot"),
);

/** Keys of `prepare` of version 2. */
export const V2_PREPARE: StageFields = pick(
  "description",
  "script",
  "shell",
  "environment",
  "cache",
  "timeout",
  "retry",
  "secrets",
  "user",
  "snapshot",
);

/** Keys of `after`. */
export const V2_AFTER: StageFields = pick(
  "description",
  "image",
  "script",
  "shell",
  "environment",
  "timeout",
  "secrets",
  "user",
);

/** Keys of `defaults`. */
export const V2_DEFAULTS: StageFields = pick(
  "shell",
  "cache",
  "timeout",
  "retry",
  "allow_failure",
  "when",
  "tags",
  "secrets",
  "docker",
  "workspace",
  "isolated",
  "user",
);

/** What a stage takes from the manifest. */
export interface StageContext {
  /** Rule for its lines. */
  readonly shell: ShellRule;
  /** Whether the engine's socket is mounted. */
  readonly docker: boolean;
  /** How the project gets in. */
  readonly workspace: WorkspaceMode;
  /** Values of `defaults`. */
  readonly defaults: Partial<RawStage>;
}

/** Reads a stage; a value that is nothing is a stage without anything. */
export function readStage(
  name: string,
  kind: Stage["kind"],
  at: Place,
  node: TreeNode,
  context: StageContext,
  reader: Reader,
): Stage {
  const fields = reader.version === 1
    ? V1_STAGE
    : { prepare: V2_PREPARE, after: V2_AFTER, stage: V2_STAGE }[kind];
  let own: Partial<RawStage> = {};
  if (node.kind === "map") {
    checkKeys(node, fields, kind, name, reader);
    own = readFields(fields, node, reader, name);
    if (node.entries.has("matrix") && own.matrix === undefined) reader.wrongMatrices.add(name);
  } else if (!isNull(node)) {
    const hint = node.kind === "list" || node.kind === "scalar"
      ? `put its lines below "script"`
      : "";
    reader.wrong(node, name, "a stage, which is a mapping", hint);
  }
  // What only shapes a container of its own is not for the two that frame the run.
  const { timeout, retry, user, shell } = context.defaults;
  const defaults = kind === "stage" ? context.defaults : { timeout, retry, user, shell };
  const raw: Partial<RawStage> = { ...definedOnly(defaults), ...own };
  return {
    name,
    at,
    kind,
    description: raw.description,
    image: raw.image,
    script: raw.script ?? [],
    shell: raw.shell ?? context.shell,
    environment: raw.environment ?? [],
    needs: raw.needs,
    matrix: raw.matrix,
    services: raw.services ?? [],
    caches: raw.cache ?? [],
    artifacts: raw.artifacts ?? [],
    timeoutMs: raw.timeout,
    retry: raw.retry ?? { max: 0, on: ["script", "system", "timeout"], backoffMs: 0 },
    allowFailure: raw.allow_failure ?? false,
    when: {
      branch: raw.when?.branch,
      tag: raw.when?.tag,
      changes: raw.when?.changes,
      env: raw.when?.env,
      only: raw.only,
      except: raw.except,
      status: raw.when?.status ?? (kind === "after" ? "always" : "success"),
    },
    tags: raw.tags ?? [],
    concurrency: raw.concurrency,
    secrets: raw.secrets ?? [],
    docker: raw.docker ?? context.docker,
    // Rows that share one directory would overwrite each other's files.
    workspace: raw.workspace ?? (raw.matrix === undefined ? context.workspace : "copy"),
    isolated: raw.isolated ?? false,
    user: raw.user,
    snapshot: raw.snapshot,
  };
}

function definedOnly<T extends object>(values: T): Partial<T> {
  const defined = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as Partial<T>;
}

function checkKeys(
  node: TreeNode,
  fields: StageFields,
  kind: Stage["kind"],
  name: string,
  reader: Reader,
): void {
  if (node.kind !== "map") return;
  for (const [key, { key: at }] of node.entries) {
    if (Object.hasOwn(fields, key) || /^(?:x-|\.)/.test(key)) continue;
    if (reader.version === 1 && Object.hasOwn(all, key)) {
      const message = `"${key}" in stage "${name}" needs "version: 2"`;
      reader.error(at, "needs-version-2", message, 'write "version: 2" at the top of the file');
    } else if (Object.hasOwn(all, key)) {
      const place = key === "snapshot"
        ? 'only "prepare" can have it'
        : kind === "stage"
        ? "a stage cannot have it"
        : `"${kind}" cannot have it`;
      reader.error(at, "misplaced-key", `Cannot use "${key}" in "${name}": ${place}`);
    } else {
      const hint = meant(key, reader.version === 1 ? Object.keys(all) : Object.keys(fields));
      reader.error(at, "unknown-key", `Unknown key "${key}" in stage "${name}"`, hint);
    }
  }
}
