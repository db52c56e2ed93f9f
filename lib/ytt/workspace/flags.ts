/** Data values from outside the files: flags, environment, plain YAML. */
import { Document, MapItem, YamlArray, YamlMap, YamlNode, type YamlValue } from "../yaml/nodes.ts";
import { Position, SourceFile } from "../yaml/position.ts";
import { readYaml } from "../yaml/read.ts";
import {
  additional,
  type ForChild,
  type LibraryValues,
  parseRef,
  type ValuesDocument,
} from "./data_values.ts";
import { YttError } from "./error.ts";
import { type InputFile, WorkFile } from "./file.ts";

/** Data values that are not in the templates; each list is applied in order, the lists in this one. */
export interface ValueFlags {
  /** Files of plain YAML. */
  readonly dataValuesFiles?: readonly InputFile[];
  /** Prefixes of environment variables whose values are strings. */
  readonly dataValuesEnv?: readonly string[];
  /** Prefixes of environment variables whose values are YAML. */
  readonly dataValuesEnvYaml?: readonly string[];
  /** The environment for both. Default: empty. */
  readonly env?: Readonly<Record<string, string>>;
  /** `key.subkey=string`. */
  readonly dataValues?: readonly string[];
  /** `key.subkey=yaml`. */
  readonly dataValuesYaml?: readonly string[];
  /** Contents of a file as a string, under a key. */
  readonly dataValueFiles?: readonly { readonly key: string; readonly file: InputFile }[];
  /** Leaves out `#@schema/validation`. Default: false. */
  readonly skipValidation?: boolean;
}

/** All of them as documents. */
export function flagValues(flags: ValueFlags): LibraryValues {
  const collected = new Collected();
  for (const file of flags.dataValuesFiles ?? []) {
    const { path, rest } = splitRef(file.path);
    for (const document of readValues(file, rest)) collected.add(path, document, additional);
  }
  collected.environment(flags.dataValuesEnv, flags.env, (text) => text);
  collected.environment(
    flags.dataValuesEnvYaml,
    flags.env,
    (text, name) =>
      yamlOf(text, `Extracting data value from env: Deserializing value for key '${name}'`),
  );
  collected.pairs(flags.dataValues, (text) => text);
  collected.pairs(
    flags.dataValuesYaml,
    (text, pair) =>
      yamlOf(
        text,
        `Extracting data value from KV: Deserializing value for key '${pair.split("=", 1)[0]}'`,
      ),
  );
  for (const { key, file } of flags.dataValueFiles ?? []) {
    collected.value(key, new WorkFile(file).text(), `key '${key}' (kv file arg)`, key);
  }
  const { values, forChildren } = collected;
  return { schemas: [], values, forChildren, skipValidation: flags.skipValidation ?? false };
}

type ReadText = (text: string, origin: string) => YamlValue;

class Collected {
  readonly values: ValuesDocument[] = [];
  readonly forChildren: ForChild[] = [];

  add(path: ForChild["path"] | undefined, document: Document, from: string): void {
    if (path === undefined) this.values.push({ document, from });
    else this.forChildren.push({ path, kind: "values", document, from, afterLibraryModule: true });
  }

  /** `key` may start with a library; `origin` stands for the file in messages, `line` for its line. */
  value(key: string, value: YamlValue, origin: string, line: string): void {
    const { path, rest } = splitRef(key);
    const position = new Position(new SourceFile(origin, line), 1);
    this.add(path, keyDocument(rest, value, position), additional);
  }

  environment(
    prefixes: readonly string[] | undefined,
    env: Readonly<Record<string, string>> = {},
    read: ReadText,
  ): void {
    for (const prefix of prefixes ?? []) {
      const { rest } = splitRef(prefix);
      const library = prefix.slice(0, prefix.length - rest.length);
      for (const [name, text] of Object.entries(env)) {
        if (!name.startsWith(`${rest}_`)) continue;
        const key = name.slice(rest.length + 1).split("__").join(".");
        this.value(library + key, read(text, name), `environment variable ${name}`, text);
      }
    }
  }

  pairs(pairs: readonly string[] | undefined, read: ReadText): void {
    for (const pair of pairs ?? []) {
      const index = pair.indexOf("=");
      if (index < 0) {
        const context = "Extracting data value from KV";
        throw new YttError(`Expected format key=value, but was '${pair}'`, { context });
      }
      const key = pair.slice(0, index);
      this.value(key, read(pair.slice(index + 1), pair), `key '${key}' (kv arg)`, pair);
    }
  }
}

/** Plain YAML: what it says of a list replaces the list, everything else merges. */
function readValues(file: InputFile, name: string): Document[] {
  try {
    const set = readYaml(new WorkFile(file).data, { name });
    if (hasAnnotations(set)) {
      throw new Error(
        "Expected to be plain YAML, having no annotations (hint: remove comments starting with `#@`)",
      );
    }
    const documents = set.items.filter((item) => item.value !== null);
    for (const document of documents) {
      if (!(document.value instanceof YamlMap)) {
        throw new Error(
          `Expected data values file '${name}' to be a map, but was ${kindOf(document.value)}`,
        );
      }
      replaceLists(document.value);
    }
    return documents;
  } catch (error) {
    const context = `Extracting data value from file: Checking data values file '${name}'`;
    throw new YttError((error as Error).message, { context, cause: error });
  }
}

function hasAnnotations(node: YamlNode): boolean {
  if (node.comments?.some((comment) => comment.data.startsWith("@"))) return true;
  return node.children().some((child) => child instanceof YamlNode && hasAnnotations(child));
}

/** Makes the lists of a map replace what they are laid over. */
export function replaceLists(map: YamlMap): void {
  for (const item of map.items) {
    if (item.value instanceof YamlMap) replaceLists(item.value);
    else if (item.value instanceof YamlArray) replacing(item);
  }
}

/** Annotates an item with `overlay/replace or_add=True`. */
function replacing(item: MapItem): void {
  const annotation = { args: [], kwargs: [["or_add", true]] as const, position: item.position };
  item.annotations = new Map([["overlay/replace", annotation]]);
}

function kindOf(value: YamlValue): string {
  return value instanceof YamlArray ? "array" : typeof value === "string" ? "string" : "scalar";
}

function yamlOf(text: string, context: string): YamlValue {
  try {
    const items = readYaml(text, { withoutComments: true }).items;
    return items[0]?.value ?? null;
  } catch (error) {
    throw new YttError((error as Error).message, { context, cause: error });
  }
}

/** `a.b` and a value as `a: {b: value}`; the value replaces what was there. */
function keyDocument(key: string, value: YamlValue, position: Position): Document {
  locate(value, position);
  const [last, ...outer] = key.split(".").reverse() as [string, ...string[]];
  const item = new MapItem(last, value, position);
  replacing(item);
  let map = new YamlMap([item], position);
  for (const part of outer) map = new YamlMap([new MapItem(part, map, position)], position);
  return new Document(map, position);
}

function locate(value: YamlValue | YamlNode, position: Position): void {
  if (!(value instanceof YamlNode)) return;
  value.position = position;
  for (const child of value.children()) {
    if (child instanceof YamlNode) locate(child, position);
  }
}

/** `@lib~alias:rest` for a library inside. */
function splitRef(text: string): { path: ForChild["path"] | undefined; rest: string } {
  if (!text.startsWith("@")) return { path: undefined, rest: text };
  const index = text.indexOf(":");
  if (index < 0) return { path: undefined, rest: text };
  return { path: parseRef(text.slice(0, index)), rest: text.slice(index + 1) };
}
