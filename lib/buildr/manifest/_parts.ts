import { isNull, type TreeNode } from "../../yaml_tree/mod.ts";
import type {
  Artifacts,
  Cache,
  Located,
  MatrixRow,
  Need,
  Readiness,
  Retry,
  Secret,
  Service,
  Snapshot,
  When,
} from "../model.ts";
import { readRow } from "./_matrix.ts";
import {
  bool,
  either,
  type Fields,
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
  text,
} from "./_reader.ts";
import { duration, durationOrZero, fileGlob, glob, image, template, variables } from "./_values.ts";

/** What a service may take to become ready. */
const READY_TIMEOUT_MS = 60_000;

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
      },
    }],
  },
  read: (node, reader, path) => {
    const { source, range } = node;
    if (node.kind === "scalar") {
      const stage = filled.read(node, reader, path);
      if (stage === undefined) return undefined;
      return { stage, matrix: undefined, artifacts: true, at: { source, range } };
    }
    const name = node.kind === "map" ? node.entries.get("stage")?.value : undefined;
    const one = needObject.read(node, reader, path);
    if (one?.stage === undefined) return undefined;
    const { stage, matrix, artifacts = true } = one;
    const at = name === undefined ? { source, range } : { source, range: name.range };
    return { stage, matrix, artifacts, at };
  },
};

const needObject = object<{ stage: string; matrix: MatrixRow; artifacts: boolean }>({
  stage: { shape: filled, doc: "Its name." },
  matrix: {
    shape: { schema: { type: "object" }, read: readRow },
    doc: "Only rows with these values.",
  },
  artifacts: { shape: bool, doc: "Whether its artifacts are put into the workspace first." },
}, { required: ["stage"] });

interface RawReady {
  tcp: number;
  http: number | { port: number; path: string };
  log: string;
  command: readonly string[];
  healthy: boolean;
  timeout: number;
}

const port = int(1, 65535);
const words: Shape<readonly string[]> = listOrOne(text);

const readyFields: Fields<RawReady> = {
  tcp: { shape: port, doc: "A port that takes connections." },
  http: {
    shape: either(
      isMap,
      mapped(
        object<{ port: number; path: string }>({
          port: { shape: port, doc: "The port." },
          path: { shape: filled, doc: "The path. Default /." },
        }, { required: ["port"] }),
        (one) => one.port === undefined ? undefined : { path: "/", ...one, port: one.port },
      ),
      port,
    ),
    doc: "A port, or a port and a path, that answers with 2xx or 3xx.",
  },
  log: {
    shape: mapped(filled, (value, node, reader) => {
      try {
        new RegExp(value);
        return value;
      } catch (error) {
        const reason = (error as Error).message.replace(/^.*\/:? /, "");
        return reader.error(node, "bad-pattern", `Cannot use this regular expression: ${reason}`);
      }
    }),
    doc: "A regular expression that a line of its output matches.",
  },
  command: { shape: words, doc: "A program in the service that ends with 0." },
  healthy: { shape: bool, doc: "Whether the image's own health check decides." },
  timeout: { shape: duration, doc: "How long it may take. Default 60s." },
};

const readyObject: Shape<Readiness> = mapped(
  object<RawReady>(readyFields),
  ({ tcp, http, log, command, healthy, timeout = READY_TIMEOUT_MS }, node, reader, path) => {
    const kinds: Omit<Readiness, "timeoutMs">[] = [];
    if (tcp !== undefined) kinds.push({ kind: "tcp", port: tcp });
    if (typeof http === "number") kinds.push({ kind: "http", port: http, path: "/" });
    else if (http !== undefined) {
      kinds.push({ kind: "http", port: http.port, path: http.path.replace(/^(?!\/)/, "/") });
    }
    if (log !== undefined) kinds.push({ kind: "log", pattern: log });
    if (command !== undefined) kinds.push({ kind: "command", command });
    if (healthy === true) kinds.push({ kind: "healthy" });
    if (kinds.length > 1) {
      const names = kinds.map(({ kind }) => `"${kind}"`).join(" and ");
      return reader.error(node, "bad-readiness", `"${path}" must say one thing, not ${names}`);
    }
    return { kind: "started", ...kinds[0], timeoutMs: timeout };
  },
);

const ready: Shape<Readiness> = either(
  isMap,
  readyObject,
  mapped(oneOf("started", "healthy"), (kind) => ({ kind, timeoutMs: READY_TIMEOUT_MS })),
);

interface RawService {
  image: Located<string>;
  environment: Service["environment"];
  command: readonly string[];
  entrypoint: readonly string[];
  ready: Readiness;
}

const service: Shape<Omit<Service, "name" | "at"> & { readonly saysReady: boolean }> = mapped(
  either(
    isMap,
    object<RawService>({
      image: { shape: image, doc: "Its image." },
      environment: { shape: variables, doc: "Its variables." },
      command: { shape: words, doc: "Command in place of the image's." },
      entrypoint: { shape: words, doc: "Entrypoint in place of the image's." },
      ready: { shape: ready, doc: "When the script of the stage may start." },
    }, { required: ["image"] }),
    mapped(image, (one): Partial<RawService> => ({ image: one })),
  ),
  ({ image, environment = [], command, entrypoint, ready }) => {
    if (image === undefined) return undefined;
    const started: Readiness = { kind: "started", timeoutMs: READY_TIMEOUT_MS };
    return {
      image,
      environment,
      command,
      entrypoint,
      ready: ready ?? started,
      saysReady: ready !== undefined,
    };
  },
);

/** Reads the containers beside a stage. */
export const services: Shape<readonly Service[]> = mapped(
  record(service, { names: /^[A-Za-z0-9][\w.-]{0,62}$/, wanted: "the name of a host" }),
  (all, _, reader) =>
    all.map(({ name, at, value: { saysReady, ...one } }) => {
      if (!saysReady) {
        reader.warn(
          at,
          "no-readiness",
          `Nothing says when "${name}" is ready, so the script may start too early`,
          'add "ready: { tcp: PORT }", or "ready: started" if that is enough',
        );
      }
      return { name, at, ...one };
    }),
);

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
    shape: oneOf("success", "failure", "always"),
    doc: "After which outcome of what it needs. Default success.",
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
