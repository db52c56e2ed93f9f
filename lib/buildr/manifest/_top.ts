import { describeNode } from "../../yaml_tree/mod.ts";
import type { Environment, Located, Secret, ShellRule, WorkspaceMode } from "./model.ts";
import { secrets } from "./_parts.ts";
import {
  bool,
  type Fields,
  filled,
  listOrOne,
  located,
  mapped,
  objectSchema,
  type Shape,
} from "./_reader.ts";
import { type RawStage, V2_DEFAULTS } from "./_stage.ts";
import { object } from "./_reader.ts";
import { environment, image, shell, workspace } from "./_values.ts";

/** Keys of a manifest that are no stages, as they are written. */
export interface RawTop {
  version: 1 | 2;
  project: string;
  image: Located<string>;
  environment: Environment;
  stages: readonly Located<string>[];
  shell: ShellRule;
  docker: boolean;
  workspace: WorkspaceMode;
  defaults: Partial<RawStage>;
  recipients: readonly Located<string>[];
  secrets: ReadonlyMap<string, Secret>;
}

/** Reads the version; `undefined` when there is no such version. */
export const version: Shape<1 | 2> = {
  schema: { enum: [1, 2, "1", "2"] },
  read: (node, reader) => {
    const text = node.kind === "scalar" ? node.text : "";
    if (text === "1" || text === "2") return text === "1" ? 1 : 2;
    return reader.error(node, "bad-version", `"version" must be 1 or 2, not ${describeNode(node)}`);
  },
};

const recipient: Shape<string> = mapped(filled, (value, node, reader) => {
  if (/^age1[a-z0-9]+$/.test(value)) return value;
  const hint = /^AGE-SECRET-KEY/i.test(value)
    ? "this is a secret key: take it out of the file, and make a new one"
    : 'it begins with "age1"';
  return reader.error(node, "bad-recipient", "This is no recipient of age", hint);
});

const fields: Fields<RawTop> = {
  version: { shape: version, doc: "Version of this format; 1 when absent." },
  project: { shape: filled, doc: "Name of the project, which its secrets are bound to." },
  image: { shape: image, doc: "Image of the main container. Default ubuntu:latest." },
  environment: { shape: environment, doc: "Variables of all containers." },
  stages: { shape: listOrOne(located(filled)), doc: "Names of the stages, in their order." },
  shell: { shape: shell, doc: "What runs lines: auto, a shell such as [sh, -ec], or false." },
  docker: { shape: bool, doc: "Whether the engine's socket is mounted. Default true." },
  workspace: { shape: workspace, doc: "The project itself (bind), or a copy of it (copy)." },
  defaults: {
    shape: object<Partial<RawStage>>(V2_DEFAULTS as never) as Shape<Partial<RawStage>>,
    doc: "What stages have unless they say otherwise.",
  },
  recipients: { shape: listOrOne(located(recipient)), doc: "Who can decrypt: age recipients." },
  secrets: { shape: secrets, doc: "Secrets by name; a stage gets those that it lists." },
};

/** Keys of version 1 that are no stages. */
export const V1_TOP: Fields<
  Pick<RawTop, "version" | "image" | "environment" | "stages" | "shell">
> = {
  version: fields.version,
  image: fields.image,
  environment: fields.environment,
  stages: fields.stages,
  shell: fields.shell,
};

/** Keys of version 2 that are no stages. */
export const V2_TOP: Fields<RawTop> = fields;

/** Schema of the keys that are no stages. */
export function topSchema(number: 1 | 2): Readonly<Record<string, unknown>> {
  return number === 1 ? objectSchema(V1_TOP) : objectSchema(V2_TOP);
}
