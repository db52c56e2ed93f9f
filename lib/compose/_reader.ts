import { type Diagnostics, didYouMean } from "../diagnostics/mod.ts";
import { formatDuration, parseBytes, parseDuration } from "./quantities.ts";
import { shellWords } from "./_shell_words.ts";
import { pairsOf } from "./_merge.ts";
import {
  describeNode,
  isNull,
  type Place,
  type ScalarNode,
  type TreeNode,
} from "../yaml_tree/mod.ts";

/** Reads one value; `undefined` when it is wrong, which was reported then. */
export type Read<T> = (node: TreeNode, reader: Reader, path: string) => T | undefined;

/** How each key of a mapping is read. */
export type Fields<T> = { readonly [K in keyof T]-?: Read<Exclude<T[K], undefined>> };

/** Takes values out of a tree and notes every one that is wrong. */
export class Reader {
  /** Takes mistakes. */
  readonly diagnostics: Diagnostics;
  /** Reads variables, for names without a value. */
  readonly readEnv: (name: string) => string | undefined;

  readonly #unsupported: "error" | "warning";

  /** Makes a reader. */
  constructor(
    diagnostics: Diagnostics,
    readEnv: (name: string) => string | undefined,
    unsupported: "error" | "warning" = "error",
  ) {
    this.diagnostics = diagnostics;
    this.readEnv = readEnv;
    this.#unsupported = unsupported;
  }

  /** Notes a mistake. */
  error(at: Place, message: string, hint?: string): undefined {
    this.diagnostics.error(at.source, at.range, message, hint === undefined ? {} : { hint });
    return undefined;
  }

  /** Notes a key that superorch cannot do. */
  unsupported(key: Place, name: string, reason: string): void {
    if (this.#unsupported === "error") this.error(key, `Cannot use "${name}": ${reason}`);
    else this.leftOut(key, name, reason);
  }

  /** Notes a key that means nothing to what is done here. */
  leftOut(key: Place, name: string, reason: string): void {
    this.diagnostics.warning(key.source, key.range, `"${name}" is left out: ${reason}`);
  }

  /** Notes that a value is not what it should be. */
  wrong(node: TreeNode, path: string, wanted: string, hint?: string): undefined {
    return this.error(node, `"${path}" must be ${wanted}, not ${describeNode(node)}`, hint);
  }
}

/** A key that cannot be done, and the one value of it that asks for nothing. */
export interface UnsupportedUnless {
  /** Why it cannot be done. */
  readonly reason: string;
  /** What is so anyway, and therefore no mistake. */
  readonly unless: string;
}

/**
 * Reads a mapping with known keys. What is nothing counts as absent, `x-` keys are for others.
 *
 * @param fields How each key is read; their order is that of the result.
 * @param unsupported Keys of the specification that cannot be done, and why.
 * @param elsewhere Keys that mean nothing to what is done here, and why: a warning.
 */
export function object<T>(
  fields: Fields<T>,
  unsupported: Readonly<Record<string, string | UnsupportedUnless>> = {},
  elsewhere: Readonly<Record<string, string>> = {},
): Read<Partial<T>> {
  const known = Object.keys(fields) as (keyof T & string)[];
  const readers = fields as Readonly<Record<string, Read<unknown>>>;
  return (node, reader, path) => {
    if (node.kind !== "map") return reader.wrong(node, path, "a mapping");
    for (const [name, { key, value }] of node.entries) {
      if (Object.hasOwn(readers, name) || name.startsWith("x-")) continue;
      const why = Object.hasOwn(unsupported, name) ? unsupported[name] : undefined;
      const reason = typeof why === "object" ? why.reason : why;
      const full = path === "" ? name : `${path}.${name}`;
      if (Object.hasOwn(elsewhere, name)) {
        if (!isNull(value)) reader.leftOut(key, full, elsewhere[name]!);
      } else if (reason === undefined) {
        const meant = didYouMean(name, known);
        const hint = meant === undefined ? undefined : `did you mean "${meant}"?`;
        reader.error(key, `Unknown key "${name}"${path === "" ? "" : ` in "${path}"`}`, hint);
      } else if (!isNull(value) && !(typeof why === "object" && isText(value, why.unless))) {
        reader.unsupported(key, full, reason);
      }
    }
    const result: Record<string, unknown> = {};
    for (const name of known) {
      const entry = node.entries.get(name);
      if (entry === undefined || isNull(entry.value)) continue;
      const value = readers[name]!(entry.value, reader, `${path}.${name}`);
      if (value !== undefined) result[name] = value;
    }
    return result as Partial<T>;
  };
}

function isText(node: TreeNode, text: string): boolean {
  return node.kind === "scalar" && node.text === text;
}

/** Reads a mapping of any names. */
export function record<T>(read: Read<T>): Read<Readonly<Record<string, T>>> {
  return (node, reader, path) => {
    if (node.kind !== "map") return reader.wrong(node, path, "a mapping");
    const result: [string, T][] = [];
    for (const [name, { value }] of node.entries) {
      if (name.startsWith("x-")) continue;
      const one = read(value, reader, `${path}.${name}`);
      if (one !== undefined) result.push([name, one]);
    }
    return Object.fromEntries(result);
  };
}

/** Reads a list. */
export function list<T>(read: Read<T>): Read<readonly T[]> {
  return (node, reader, path) => {
    if (node.kind !== "list") return reader.wrong(node, path, "a list");
    return node.items.flatMap((item) => read(item, reader, path) ?? []);
  };
}

/** Reads a list, or a single value that counts as a list of one. */
export function listOrOne<T>(read: Read<T>): Read<readonly T[]> {
  const many = list(read);
  return (node, reader, path) => {
    if (node.kind === "list") return many(node, reader, path);
    const one = read(node, reader, path);
    return one === undefined ? undefined : [one];
  };
}

/** Reads any text, number or truth value as a text. */
export const text: Read<string> = (node, reader, path) =>
  node.kind === "scalar" && !isNull(node) ? node.text : reader.wrong(node, path, "a text");

/** Reads a text that is not empty. */
export const filled: Read<string> = (node, reader, path) => {
  const value = text(node, reader, path);
  return value === "" ? reader.wrong(node, path, "a text that is not empty") : value;
};

/** Reads a text where an empty one, such as that of a variable that is not set, counts as absent. */
export const filledOrAbsent: Read<string> = (node, reader, path) =>
  node.kind === "scalar" && node.text === "" ? undefined : filled(node, reader, path);

/** Reads one of some words. */
export function oneOf<const T extends string>(...words: readonly T[]): Read<T> {
  return (node, reader, path) => {
    const value = node.kind === "scalar" ? words.find((word) => word === node.text) : undefined;
    if (value !== undefined) return value;
    const meant = node.kind === "scalar" ? didYouMean(node.text, words) : undefined;
    const hint = meant === undefined ? undefined : `did you mean "${meant}"?`;
    const names = words.map((word) => `"${word}"`);
    const last = names.pop();
    const wanted = names.length === 0 ? last! : `${names.join(", ")} or ${last}`;
    return reader.wrong(node, path, wanted, hint);
  };
}

/** Reads `true` or `false`. */
export const bool: Read<boolean> = (node, reader, path) => {
  const value = node.kind === "scalar" ? node.text.toLowerCase() : "";
  if (value === "true" || value === "false") return value === "true";
  const old = /^(?:yes|on|y)$/.test(value) ? "true" : /^(?:no|off|n)$/.test(value) ? "false" : "";
  return reader.wrong(node, path, '"true" or "false"', old === "" ? undefined : `write "${old}"`);
};

/** Reads a whole number between two others. */
export function int(min: number, max: number = Number.MAX_SAFE_INTEGER): Read<number> {
  return (node, reader, path) => {
    const value = node.kind === "scalar" && /^[-+]?\d+$/.test(node.text) ? Number(node.text) : NaN;
    if (value >= min && value <= max) return value;
    const wanted = max === Number.MAX_SAFE_INTEGER
      ? min <= -Number.MAX_SAFE_INTEGER ? "a whole number" : `a whole number of at least ${min}`
      : `a whole number from ${min} to ${max}`;
    return reader.wrong(node, path, wanted);
  };
}

/** Reads a number that is not negative. */
export const number: Read<number> = (node, reader, path) => {
  const is = node.kind === "scalar" && /^\d+(?:\.\d*)?$|^\.\d+$/.test(node.text);
  return is ? Number(node.text) : reader.wrong(node, path, "a number that is not negative");
};

/** Reads a duration, into its canonical form. */
export const duration: Read<string> = (node, reader, path) => {
  const ms = node.kind === "scalar" ? parseDuration(node.text) : undefined;
  if (ms !== undefined) return formatDuration(ms);
  const bare = node.kind === "scalar" && /^\d+$/.test(node.text);
  const hint = bare ? `did you mean "${(node as ScalarNode).text}s"?` : undefined;
  return reader.wrong(node, path, 'a duration such as "1m30s"', hint);
};

/** Reads a size, into a number of bytes. */
export const bytes: Read<string> = (node, reader, path) => {
  const value = node.kind === "scalar" ? parseBytes(node.text) : undefined;
  return value === undefined ? reader.wrong(node, path, 'a size such as "512m"') : String(value);
};

/** Reads a command: a list of words, or a line that is split as a shell does it. */
export const words: Read<readonly string[]> = (node, reader, path) => {
  if (node.kind === "list") return list(text)(node, reader, path);
  if (node.kind === "map") return reader.wrong(node, path, "a text or a list of texts");
  const result = shellWords(node.text);
  return "problem" in result
    ? reader.error(node, `Cannot split "${path}": ${result.problem}`)
    : result;
};

/** Reads `NAME=value` in a list, or a mapping; a name alone is nothing. */
export const pairs: Read<Readonly<Record<string, string | null>>> = (node, reader, path) => {
  const map = pairsOf(node);
  if (map.kind !== "map") {
    if (node.kind === "list") {
      for (const item of node.items) {
        if (item.kind !== "scalar") reader.wrong(item, path, 'a text such as "NAME=value"');
      }
      return undefined;
    }
    return reader.wrong(node, path, 'a mapping or a list of "NAME=value"');
  }
  const result: [string, string | null][] = [];
  for (const [name, { key, value }] of map.entries) {
    if (name === "") reader.error(key, `A name in "${path}" must not be empty`);
    else if (value.kind !== "scalar") reader.wrong(value, `${path}.${name}`, "a text");
    else result.push([name, isNull(value) ? null : value.text]);
  }
  return Object.fromEntries(result);
};

/** Reads pairs of which one without a value is an empty text. */
export const texts: Read<Readonly<Record<string, string>>> = (node, reader, path) => {
  const result = pairs(node, reader, path);
  if (result === undefined) return undefined;
  return Object.fromEntries(Object.entries(result).map(([name, value]) => [name, value ?? ""]));
};

/** Reads pairs of which one without a value takes it from the environment. */
export const environment: Read<Readonly<Record<string, string | null>>> = (node, reader, path) => {
  const result = pairs(node, reader, path);
  if (result === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(result).map(([name, value]) => [name, value ?? reader.readEnv(name) ?? null]),
  );
};
