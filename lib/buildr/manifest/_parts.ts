import { isNull, type TreeNode } from "../../yaml_tree/mod.ts";
import type {
  Artifacts,
  Cache,
  Located,
  MatrixRow,
  Need,
  Retry,
  Secret,
  Snapshot,
  When,
} from "./model.ts";
import { readRow } from "./_matrix.ts";
import {
  bool,
  either,
  filled,
  int,
  isList,
  isMap,
  list,
  listOrOne,
  located,
  mapped,
  object,
  oneOf,
  record,
  type Shape,
} from "./_reader.ts";
import { duration, durationOrZero, fileGlob, glob, template } from "./_values.ts";

/** Reads one thing that a stage needs. */
export const need: Shape<Need> = {
  name: "need",
  schema: {
    anyOf: [{ type: "string" }, {
      type: "object",
      required: ["stage"],
      additionalProperties: false,
      properties: {
        stage: { description: "Its name.", type: "string" },
        matrix: {
          description: "Only rows with these values.",
          type: "object",
          additionalProperties: { type: ["string", "number", "boolean"] },
        },
        artifacts: {
          description: "Whether its artifacts are put into the workspace first. Default true.",
          type: "boolean",
        },
        optional: {
          description:
            "Whether it may be skipped; else what needs it is skipped too. Default false.",
          type: "boolean",
        },
      },
    }],
  },
  read: (node, reader, path) => {
    const { source, range } = node;
    if (node.kind === "scalar") {
      const stage = filled.read(node, reader, path);
      if (stage === undefined) return undefined;
      return { stage, matrix: undefined, artifacts: true, optional: false, at: { source, range } };
    }
    const name = node.kind === "map" ? node.entries.get("stage")?.value : undefined;
    const one = needObject.read(node, reader, path);
    if (one?.stage === undefined) return undefined;
    const { stage, matrix, artifacts = true, optional = false } = one;
    const at = name === undefined ? { source, range } : { source, range: name.range };
    return { stage, matrix, artifacts, optional, at };
  },
};

interface RawNeed {
  stage: string;
  matrix: MatrixRow;
  artifacts: boolean;
  optional: boolean;
}

const needObject = object<RawNeed>({
  stage: { shape: filled, doc: "Its name." },
  matrix: {
    shape: { schema: { type: "object" }, read: readRow },
    doc: "Only rows with these values.",
  },
  artifacts: { shape: bool, doc: "Whether its artifacts are put into the workspace first." },
  optional: { shape: bool, doc: "Whether it may be skipped." },
}, { required: ["stage"] });

interface RawCache {
  key: Cache["key"];
  fallback: Cache["fallback"];
  paths: readonly string[];
  policy: Cache["policy"];
}

const cachePath: Shape<string> = mapped(filled, (value, node, reader) => {
  if (!value.split("/").includes("..")) return value;
  return reader.error(node, "bad-path", `${JSON.stringify(value)} must not contain ".."`);
});

/** Reads what is kept from run to run. */
export const caches: Shape<readonly Cache[]> = listOrOne(mapped(
  object<RawCache>({
    key: { shape: template, doc: "Name of its content; ${hash:GLOB} is the hash of files." },
    fallback: {
      shape: listOrOne(template),
      doc: "Beginnings of keys to take when there is none of this name, best first.",
    },
    paths: {
      shape: listOrOne(cachePath),
      doc: "Paths: absolute ones of the container, others of the workspace.",
    },
    policy: {
      shape: oneOf("pull-push", "pull"),
      doc: "Whether it is written too after success. Default pull-push.",
    },
  }, { required: ["key", "paths"], name: "cache" }),
  ({ key, fallback = [], paths, policy = "pull-push" }, node, reader, path) => {
    if (key === undefined || paths === undefined) return undefined;
    if (paths.length === 0) return reader.wrong(node, `${path}.paths`, "at least one path");
    return { key, fallback, paths, policy };
  },
));

interface RawArtifacts {
  paths: Artifacts["paths"];
  exclude: readonly string[];
  when: Artifacts["when"];
  expire: number;
}

const artifactsObject = object<RawArtifacts>({
  paths: { shape: listOrOne(fileGlob), doc: "Globs of files of the workspace." },
  exclude: { shape: listOrOne(glob), doc: "Globs that are left out again." },
  when: {
    shape: oneOf("success", "failure", "always"),
    doc: "After which outcome. Default success.",
  },
  expire: { shape: duration, doc: "How long they are kept. Default for ever." },
}, { required: ["paths"], name: "artifacts" });

const someArtifacts: Shape<Artifacts> = mapped(
  either(
    isMap,
    artifactsObject,
    mapped(fileGlob, (one): Partial<RawArtifacts> => ({ paths: [one] })),
  ),
  ({ paths, exclude = [], when = "success", expire }) =>
    paths === undefined ? undefined : { paths, exclude, when, expireMs: expire },
);

/** Reads what a stage hands on. */
export const artifacts: Shape<readonly Artifacts[]> = listOrOne(someArtifacts);

interface RawRetry {
  max: number;
  on: Retry["on"];
  backoff: number;
}

const cause: Shape<Retry["on"][number]> = either<number, "script" | "system" | "timeout">(
  (node) => node.kind === "scalar" && /^\d+$/.test(node.text),
  int(1, 255),
  oneOf("script", "system", "timeout"),
);

const ANY_CAUSE: Retry["on"] = ["script", "system", "timeout"];

/** Reads when a stage is tried again. */
export const retry: Shape<Retry> = mapped(
  either(
    isMap,
    object<RawRetry>({
      max: { shape: int(0, 10), doc: "How often after the first time." },
      on: {
        shape: listOrOne(cause),
        doc: "After which causes: script, system, timeout, or exit codes. Default all three.",
      },
      backoff: { shape: durationOrZero, doc: "Pause before the next attempt. Default none." },
    }, { name: "retry" }),
    mapped(int(0, 10), (max): Partial<RawRetry> => ({ max })),
  ),
  ({ max = 0, on = ANY_CAUSE, backoff = 0 }) => ({
    max,
    on,
    backoffMs: backoff,
  }),
);

interface RawWhen {
  branch: readonly string[];
  tag: readonly string[];
  changes: readonly string[];
  env: ReadonlyMap<string, string | boolean>;
  status: When["status"];
}

/** Reads when a stage runs at all. */
export const when: Shape<Partial<RawWhen>> = object<RawWhen>({
  branch: { shape: listOrOne(glob), doc: "Globs of branches." },
  tag: { shape: listOrOne(glob), doc: "Globs of tags of the commit." },
  changes: { shape: listOrOne(glob), doc: "Globs, one of which must match a changed file." },
  env: {
    shape: {
      schema: {
        type: "object",
        additionalProperties: { type: ["string", "number", "boolean"] },
      },
      read: (node, reader, path) => {
        if (node.kind !== "map") return reader.wrong(node, path, "a mapping of names and values");
        const result = new Map<string, string | boolean>();
        for (const [name, { value }] of node.entries) {
          if (value.kind !== "scalar" || isNull(value)) {
            reader.wrong(value, `${path}.${name}`, '"true", "false" or a value');
          } else result.set(name, variableCondition(value));
        }
        return result;
      },
    },
    doc: "Variables of the runner: a value (a glob), true for any, false for none.",
  },
  status: {
    shape: oneOf("success", "failure", "always", "manual"),
    doc: "After which outcome of what it needs; manual: only when asked for. Default success.",
  },
}, { name: "when" });

function variableCondition(node: TreeNode & { kind: "scalar" }): string | boolean {
  if (node.plain && /^(?:true|false)$/i.test(node.text)) return node.text.toLowerCase() === "true";
  return node.text;
}

/** Reads refs: globs of branches, `branches`, `tags`, or `/regular expression/`. */
export const refs: Shape<readonly string[]> = listOrOne({
  schema: { type: "string" },
  read: (node, reader, path) => {
    const value = filled.read(node, reader, path);
    const pattern = /^\/(.*)\/i?$/s.exec(value ?? "")?.[1];
    if (value === undefined || pattern === undefined) {
      return value === undefined ? undefined : glob.read(node, reader, path);
    }
    try {
      new RegExp(pattern);
      return value;
    } catch {
      return reader.error(node, "bad-pattern", `${value} is no regular expression`);
    }
  },
});

/** Reads where the outcome of `prepare` is kept from. */
export const snapshot: Shape<Snapshot> = mapped(
  object<{ inputs: readonly { readonly value: string }[] }>({
    inputs: {
      shape: listOrOne(fileGlob),
      doc: "Globs of files; when one changes, prepare runs again.",
    },
  }, { required: ["inputs"] }),
  ({ inputs }) => inputs === undefined ? undefined : { inputs: inputs.map(({ value }) => value) },
);

interface RawSecret {
  age: Located<string>;
  env: string;
  file: string;
  as: "file" | "variable";
  optional: boolean;
}

const secretObject = object<RawSecret>({
  age: { shape: located(filled), doc: "The value, encrypted: base64, or an armored age file." },
  env: { shape: filled, doc: "A variable of the runner that has the value." },
  file: { shape: filled, doc: "A file of the runner that has the value." },
  as: { shape: oneOf("variable", "file"), doc: "Whether the variable holds the path of a file." },
  optional: { shape: bool, doc: "Whether a run goes on without it. Default false." },
}, { name: "secret" });

/** Reads secrets. */
export const secrets: Shape<ReadonlyMap<string, Secret>> = mapped(
  record(secretObject, { names: /^[A-Za-z_]\w*$/, wanted: "the name of a variable" }),
  (all, node, reader) => {
    const result = new Map<string, Secret>();
    for (const { name, at, value } of all) {
      const { age, env, file, as = "variable", optional = false } = value;
      const froms: Secret["from"][] = [];
      if (age !== undefined) {
        froms.push({ kind: "age", ciphertext: age.value, scope: "", at: age.at });
      }
      if (env !== undefined) froms.push({ kind: "env", variable: env });
      if (file !== undefined) froms.push({ kind: "file", path: file });
      const [from] = froms;
      if (from === undefined || froms.length > 1) {
        const hint = from === undefined ? `"superorch buildr secret set ${name}" writes "age"` : "";
        reader.error(
          at,
          "bad-secret",
          `"secrets.${name}" must have one of "age", "env" and "file"`,
          hint,
        );
      } else result.set(name, { name, at, from, as, optional });
    }
    return node.kind === "map" ? result : undefined;
  },
);

/** Reads what a stage needs. */
export const needs: Shape<readonly Need[]> = either(isList, list(need), listOrOne(need));
