import { parseDuration } from "../../retry/mod.ts";
import { isNull, type TreeNode } from "../../yaml_tree/mod.ts";
import type { Environment, EnvironmentVariable, Located, ShellRule } from "./model.ts";
import { globProblem } from "../plan/glob.ts";
import { withTag } from "./image_name.ts";
import { parseTemplate } from "./interpolation.ts";
import {
  bool,
  either,
  filled,
  isBool,
  isMap,
  list,
  listOrOne,
  located,
  mapped,
  object,
  oneOf,
  type Reader,
  type Shape,
  text,
  within,
} from "./_reader.ts";

/** Reads a duration into milliseconds. */
export const duration: Shape<number> = {
  schema: { type: "string", pattern: "^(0|(\\d+(\\.\\d*)?(ns|us|µs|ms|s|m|h|d|w))+)$" },
  read: (node, reader, path) => {
    const ms = node.kind === "scalar" ? parseDuration(node.text) : undefined;
    if (ms !== undefined && ms > 0) return ms;
    if (node.kind !== "scalar" || isNull(node)) {
      return reader.wrong(node, path, 'a duration such as "1m30s"');
    }
    const hint = /^[1-9]\d*$/.test(node.text)
      ? `did you mean "${node.text}s"?`
      : ms === 0
      ? "leave it out for no limit"
      : 'write numbers with units, for example "1m30s"';
    return reader.error(node, "bad-duration", `"${path}" is no duration`, hint);
  },
};

/** Reads a duration that may be nothing. */
export const durationOrZero: Shape<number> = either(
  (node) => node.kind === "scalar" && /^0(?:ms|s)?$/.test(node.text),
  mapped(text, () => 0),
  duration,
);

/** Checks the `${…}` of a text; version 1 knows none. */
function checkTemplate(value: string, node: TreeNode, reader: Reader): string {
  if (reader.version === 1) return value;
  for (const { start, end, message, hint } of parseTemplate(value).problems) {
    reader.error(within(node, start, end - start), "bad-interpolation", message, hint ?? "");
  }
  return value;
}

/** Reads a text that may contain `${…}`. */
export const template: Shape<Located<string>> = located(mapped(filled, checkTemplate));

function checkGlob(value: string, node: TreeNode, reader: Reader): string {
  const wrong = globProblem(value.replace(/^!/, "").replaceAll(/\$\{[^}]*\}/g, "x"));
  if (wrong !== undefined) {
    reader.error(
      node,
      "bad-glob",
      `Cannot use ${JSON.stringify(value)} as a glob: ${wrong.problem}`,
    );
  }
  return value;
}

/** Reads a glob. */
export const glob: Shape<string> = mapped(filled, checkGlob);

/** Reads a glob of files of the workspace, which may contain `${…}`. */
export const fileGlob: Shape<Located<string>> = located(
  mapped(mapped(filled, checkTemplate), (value, node, reader) => {
    const path = value.replace(/^!/, "");
    if (path.startsWith("/") || path.split("/").includes("..")) {
      const message = `${JSON.stringify(value)} must be a path within the project`;
      return reader.error(node, "bad-path", message, 'relative, and without ".."');
    }
    return checkGlob(value, node, reader);
  }),
);

/** Reads the name of an image, and gives it its tag. */
export const image: Shape<Located<string>> = located(
  mapped(mapped(filled, checkTemplate), (value, node, reader) => {
    // What references stand for is not known yet: it is checked when it is.
    if (reader.version === 2 && value.includes("${")) return value;
    try {
      return withTag(value);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return reader.error(node, "bad-reference", error.message);
    }
  }),
);

/** Reads how lines are run. */
export const shell: Shape<ShellRule> = {
  schema: {
    anyOf: [
      { enum: ["auto", true, false] },
      { type: "array", items: { type: "string" }, minItems: 1 },
      { type: "string" },
    ],
  },
  read: (node, reader, path) => {
    if (isBool(node)) return bool.read(node, reader, path) === true ? ["sh", "-ec"] : false;
    if (node.kind === "scalar" && node.text === "auto") return "auto";
    if (node.kind === "scalar" && /^\S+$/.test(node.text)) return [node.text, "-ec"];
    const words = node.kind === "list" ? list(filled).read(node, reader, path) : undefined;
    if (words !== undefined && words.length > 0) return words;
    const wanted = '"auto", "true", "false", a shell or a list such as "[bash, -ec]"';
    return reader.wrong(node, path, wanted);
  },
};

function hasNul(node: TreeNode): boolean {
  return node.kind === "scalar" && node.text.includes("\0");
}

const pairsSchema = {
  anyOf: [
    { type: "array", items: { type: "string" } },
    { type: "object", additionalProperties: { type: ["string", "number", "boolean", "null"] } },
  ],
};

/** Reads variables: a list of `NAME=VALUE`, or a mapping. */
export const variables: Shape<readonly EnvironmentVariable[]> = {
  schema: pairsSchema,
  name: "variables",
  read: (node, reader, path) => {
    if (node.kind === "map") {
      return [...node.entries].flatMap(([name, { key, value }]) => {
        if (name === "" || /[=\0]/.test(name) || hasNul(value)) {
          return reader.error(key, "bad-variable", `${JSON.stringify(name)} is no variable`) ?? [];
        }
        const content = isNull(value) ? "" : text.read(value, reader, `${path}.${name}`);
        if (content === undefined) return [];
        const { source, range } = isNull(value) ? key : value;
        return [{ name, value: checkTemplate(content, value, reader), at: { source, range } }];
      });
    }
    if (node.kind !== "list") {
      return reader.wrong(node, path, 'a list of "NAME=VALUE" or a mapping');
    }
    return node.items.flatMap((item, index) => {
      if (item.kind !== "scalar" || isNull(item)) {
        return reader.wrong(item, `${path}[${index}]`, 'a text such as "NAME=VALUE"') ?? [];
      }
      const equals = item.text.indexOf("=");
      if (equals === 0 || item.text === "" || hasNul(item)) {
        const message = hasNul(item)
          ? "A variable cannot contain a NUL byte"
          : `${JSON.stringify(item.text)} has no name in front of "="`;
        return reader.error(item, "bad-variable", message) ?? [];
      }
      const { source, range } = item;
      if (equals === -1) {
        const hint = `write "${item.text}=" for an empty one, or name it in "inherit"`;
        reader.warn(item, "no-value", `"${item.text}" has no value and sets no variable`, hint);
        return [];
      }
      checkTemplate(item.text, item, reader);
      const name = item.text.slice(0, equals);
      return [{ name, value: item.text.slice(equals + 1), at: { source, range } }];
    });
  },
};

const names = list(glob);
const inherit: Shape<boolean | readonly string[]> = {
  schema: { anyOf: [bool.schema, names.schema] },
  read: (node, reader, path) => {
    if (isBool(node)) return bool.read(node, reader, path);
    if (node.kind === "list") return names.read(node, reader, path);
    return reader.wrong(node, path, '"true", "false" or a list of names');
  },
};

/** Reads the variables of a whole manifest. */
export const environment: Shape<Environment> = mapped(
  object<{ inherit: boolean | readonly string[]; vars: readonly EnvironmentVariable[] }>({
    inherit: {
      shape: inherit,
      doc: "What the runner's own environment gives: all but a few, nothing, or names and globs.",
    },
    vars: { shape: variables, doc: "Variables: a list of NAME=VALUE, or a mapping." },
  }, { name: "environment" }),
  ({ inherit = false, vars = [] }) => ({ inherit, vars }),
);

/** Reads the variables of a stage, with or without `vars` around them. */
export const stageVariables: Shape<readonly EnvironmentVariable[]> = either(
  (node) => isMap(node) && hasStructuredVars(node),
  mapped(
    object<{ vars: readonly EnvironmentVariable[] }>({
      vars: { shape: variables, doc: "Variables: a list of NAME=VALUE, or a mapping." },
    }),
    ({ vars = [] }) => vars,
  ),
  variables,
);

function hasStructuredVars(node: TreeNode): boolean {
  if (node.kind !== "map") return false;
  const vars = node.entries.get("vars")?.value;
  return vars !== undefined && vars.kind !== "scalar";
}

/** Reads names of tags. */
export const tags: Shape<readonly string[]> = listOrOne(filled);

/** Reads which exit codes do not matter. */
export const allowFailure: Shape<boolean | readonly number[]> = either(
  isBool,
  bool,
  listOrOne({
    schema: { type: "integer", minimum: 1, maximum: 255 },
    read: (node, reader, path) => {
      const value = node.kind === "scalar" && /^\d+$/.test(node.text) ? Number(node.text) : NaN;
      if (value >= 1 && value <= 255) return value;
      return reader.wrong(node, path, '"true", "false" or exit codes from 1 to 255');
    },
  }),
);

/** Reads how the project gets in. */
export const workspace: Shape<"bind" | "copy"> = oneOf("bind", "copy");

/** Reads a script: lines, or one. */
export const script: Shape<readonly Located<string>[]> = mapped(
  listOrOne(located(text)),
  (lines) => lines,
);
