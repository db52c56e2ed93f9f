import { type DiagnosticDetails, type Diagnostics, didYouMean } from "../../diagnostics/mod.ts";
import { describeNode, isNull, type Place, type TreeNode } from "../../yaml_tree/mod.ts";
import type { Located } from "./model.ts";

/** The part of JSON Schema (draft 7) that is needed here. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a value may be: the same thing for who reads a file and for an editor. */
export interface Shape<T> {
  /** For editors. */
  readonly schema: JsonSchema;
  /** Name under which the schema stands in `$defs`, when it is used more than once. */
  readonly name?: string;
  /** Reads a value; `undefined` when it is wrong, which was reported then. */
  readonly read: (node: TreeNode, reader: Reader, path: string) => T | undefined;
}

/** A key of a mapping. */
export interface Field<T> {
  /** What its value may be. */
  readonly shape: Shape<T>;
  /** What it is for, for editors. */
  readonly doc: string;
}

/** How each key of a mapping is read. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> };

/** Takes mistakes, each with its code. */
export class Reader {
  /** Takes mistakes. */
  readonly diagnostics: Diagnostics;
  /** Version of the manifest. */
  readonly version: 1 | 2;
  /** Stages whose matrix is there and cannot be read: what refers to it is no second mistake. */
  readonly wrongMatrices: Set<string> = new Set();

  /** Makes a reader. */
  constructor(diagnostics: Diagnostics, version: 1 | 2) {
    this.diagnostics = diagnostics;
    this.version = version;
  }

  /** Notes a mistake. */
  error(
    at: Place,
    code: string,
    message: string,
    more: string | DiagnosticDetails = {},
  ): undefined {
    this.diagnostics.error(at.source, at.range, message, { code, ...details(more) });
    return undefined;
  }

  /** Notes something doubtful. */
  warn(at: Place, code: string, message: string, more: string | DiagnosticDetails = {}): void {
    this.diagnostics.warning(at.source, at.range, message, { code, ...details(more) });
  }

  /** Notes that a value is not what it should be. */
  wrong(node: TreeNode, path: string, wanted: string, hint: string = ""): undefined {
    const what = `"${path}" must be ${wanted}, not ${describeNode(node)}`;
    return this.error(node, "wrong-type", what, hint);
  }
}

function details(more: string | DiagnosticDetails): DiagnosticDetails {
  if (typeof more !== "string") return more;
  return more === "" ? {} : { hint: more };
}

/** Asks whether one of some words was meant; empty when none is near. */
export function meant(word: string, known: Iterable<string>): string {
  const near = didYouMean(word, known);
  return near === undefined ? "" : `did you mean "${near}"?`;
}

/** The place of a part of a scalar's text, or all of it where the file writes it otherwise. */
export function within(node: TreeNode, offset: number, length: number): Place {
  const { source, range } = node;
  if (node.kind !== "scalar") return { source, range };
  for (const start of [range.start, range.start + 1]) {
    if (source.text.startsWith(node.text, start) && start + node.text.length <= range.end) {
      return { source, range: { start: start + offset, end: start + offset + length } };
    }
  }
  return { source, range };
}

/** Joins the path of a mapping and a key. */
export function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** Reads a mapping with known keys; what is nothing counts as absent. */
export function object<T>(
  fields: Fields<T>,
  options: { readonly required?: readonly (keyof T & string)[]; readonly name?: string } = {},
): Shape<Partial<T>> {
  const known = Object.keys(fields) as (keyof T & string)[];
  const required = options.required ?? [];
  return {
    schema: objectSchema(fields, required),
    ...(options.name === undefined ? {} : { name: options.name }),
    read: (node, reader, path) => {
      if (node.kind !== "map") return reader.wrong(node, path, "a mapping");
      for (const [name, { key }] of node.entries) {
        if (Object.hasOwn(fields, name) || /^(?:x-|\.)/.test(name)) continue;
        const where = path === "" ? "" : ` in "${path}"`;
        reader.error(key, "unknown-key", `Unknown key "${name}"${where}`, meant(name, known));
      }
      for (const name of required) {
        const value = node.entries.get(name)?.value;
        if (value === undefined || isNull(value)) {
          reader.error(node, "missing-key", `"${path}" has no "${name}"`);
        }
      }
      return readFields(fields, node, reader, path);
    },
  };
}

/** Reads those keys of a mapping that are known. */
export function readFields<T>(
  fields: Fields<T>,
  node: TreeNode,
  reader: Reader,
  path: string,
): Partial<T> {
  const result: Record<string, unknown> = {};
  if (node.kind !== "map") return result as Partial<T>;
  for (const [name, { shape }] of Object.entries(fields) as [string, Field<unknown>][]) {
    const entry = node.entries.get(name);
    if (entry === undefined || isNull(entry.value)) continue;
    const value = shape.read(entry.value, reader, below(path, name));
    if (value !== undefined) result[name] = value;
  }
  return result as Partial<T>;
}

/** The schema of a mapping with known keys. */
export function objectSchema<T>(fields: Fields<T>, required: readonly string[] = []): JsonSchema {
  const properties = Object.entries(fields as Record<string, Field<unknown>>).map((
    [name, { shape, doc }],
  ) => [name, { description: doc, ...refOf(shape) }]);
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    patternProperties: { "^(x-|\\.)": true },
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
  };
}

/** What stands for a shape within another one: its schema, or its name. */
export function refOf(shape: Shape<unknown>): JsonSchema {
  return shape.name === undefined ? shape.schema : { allOf: [{ $shape: shape }] };
}

/** A value and the name it has in a mapping. */
export interface Named<T> {
  /** The name. */
  readonly name: string;
  /** Where the name stands. */
  readonly at: Place;
  /** The value. */
  readonly value: T;
}

/** Reads a mapping of any names, in the order of the file. */
export function record<T>(
  shape: Shape<T>,
  options: { readonly names?: RegExp; readonly wanted?: string } = {},
): Shape<readonly Named<T>[]> {
  const { names, wanted } = options;
  return {
    schema: {
      type: "object",
      ...(names === undefined ? {} : { propertyNames: { pattern: names.source } }),
      additionalProperties: refOf(shape),
    },
    read: (node, reader, path) => {
      if (node.kind !== "map") return reader.wrong(node, path, "a mapping");
      const result: Named<T>[] = [];
      for (const [name, { key, value }] of node.entries) {
        if (names !== undefined && !names.test(name)) {
          reader.error(key, "bad-name", `${JSON.stringify(name)} cannot be ${wanted ?? "a name"}`);
        }
        const one = shape.read(value, reader, below(path, name));
        if (one !== undefined) result.push({ name, at: key, value: one });
      }
      return result;
    },
  };
}

/** Reads a list. */
export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return {
    schema: { type: "array", items: refOf(shape) },
    read: (node, reader, path) => {
      if (node.kind !== "list") return reader.wrong(node, path, "a list");
      return node.items.flatMap((item, index) => {
        const one = shape.read(item, reader, `${path}[${index}]`);
        return one === undefined ? [] : [one];
      });
    },
  };
}

/** Reads a list, or a single value that counts as a list of one. */
export function listOrOne<T>(shape: Shape<T>): Shape<readonly T[]> {
  const many = list(shape);
  return {
    schema: { anyOf: [refOf(shape), many.schema] },
    read: (node, reader, path) => {
      if (node.kind === "list") return many.read(node, reader, path);
      const one = shape.read(node, reader, path);
      return one === undefined ? undefined : [one];
    },
  };
}

/** Reads one of two shapes, as a test of the node says. */
export function either<A, B>(
  isFirst: (node: TreeNode) => boolean,
  first: Shape<A>,
  second: Shape<B>,
): Shape<A | B> {
  return {
    schema: { anyOf: [refOf(first), refOf(second)] },
    read: (node, reader, path) => (isFirst(node) ? first : second).read(node, reader, path),
  };
}

/** Turns what was read into something else. */
export function mapped<A, B>(
  shape: Shape<A>,
  to: (value: A, node: TreeNode, reader: Reader, path: string) => B | undefined,
): Shape<B> {
  return {
    schema: shape.schema,
    ...(shape.name === undefined ? {} : { name: shape.name }),
    read: (node, reader, path) => {
      const value = shape.read(node, reader, path);
      return value === undefined ? undefined : to(value, node, reader, path);
    },
  };
}

/** Keeps the place of a value. */
export function located<T>(shape: Shape<T>): Shape<Located<T>> {
  return mapped(shape, (value, { source, range }) => ({ value, at: { source, range } }));
}

/** Reads any text, number or truth value as a text. */
export const text: Shape<string> = {
  schema: { type: ["string", "number", "boolean"] },
  read: (node, reader, path) =>
    node.kind === "scalar" && !isNull(node) ? node.text : reader.wrong(node, path, "a text"),
};

/** Reads a text that is not empty. */
export const filled: Shape<string> = {
  schema: { type: ["string", "number", "boolean"], minLength: 1 },
  read: (node, reader, path) => {
    const value = text.read(node, reader, path);
    return value?.trim() === "" ? reader.wrong(node, path, "a text that is not empty") : value;
  },
};

/** Reads `true` or `false`. */
export const bool: Shape<boolean> = {
  schema: { type: "boolean" },
  read: (node, reader, path) => {
    const value = node.kind === "scalar" && node.plain ? node.text.toLowerCase() : "";
    if (value === "true" || value === "false") return value === "true";
    const old = /^(?:yes|on|y)$/.test(value) ? "true" : /^(?:no|off|n)$/.test(value) ? "false" : "";
    return reader.wrong(node, path, '"true" or "false"', old === "" ? "" : `write "${old}"`);
  },
};

/** Reads a whole number between two others. */
export function int(min: number, max: number): Shape<number> {
  return {
    schema: { type: "integer", minimum: min, maximum: max },
    read: (node, reader, path) => {
      const isNumber = node.kind === "scalar" && /^[-+]?\d+$/.test(node.text);
      const value = isNumber ? Number(node.text) : NaN;
      if (value >= min && value <= max) return value;
      return reader.wrong(node, path, `a whole number from ${min} to ${max}`);
    },
  };
}

/** Reads one of some words. */
export function oneOf<const T extends string>(...words: readonly T[]): Shape<T> {
  return {
    schema: { enum: words },
    read: (node, reader, path) => {
      const value = node.kind === "scalar" ? words.find((word) => word === node.text) : undefined;
      if (value !== undefined) return value;
      const hint = node.kind === "scalar" ? meant(node.text, words) : "";
      return reader.wrong(node, path, orList(words), hint);
    },
  };
}

/** Writes words as a person lists them: `"a", "b" or "c"`. */
export function orList(words: readonly string[]): string {
  const names = words.map((word) => `"${word}"`);
  const last = names.pop() ?? "nothing";
  return names.length === 0 ? last : `${names.join(", ")} or ${last}`;
}

/** Tells whether a node is a mapping. */
export const isMap = (node: TreeNode): boolean => node.kind === "map";

/** Tells whether a node is a list. */
export const isList = (node: TreeNode): boolean => node.kind === "list";

/** Tells whether a node is a plain `true` or `false`. */
export const isBool = (node: TreeNode): boolean =>
  node.kind === "scalar" && node.plain && /^(?:true|false)$/i.test(node.text);
