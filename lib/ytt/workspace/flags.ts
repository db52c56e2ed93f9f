/** Data values from outside the files: flags, environment, plain YAML. */
import { Document, MapItem, YamlArray, YamlMap, YamlNode, type YamlValue } from "../yaml/nodes.ts";
import { Position, SourceFile } from "../yaml/position.ts";
import { readYaml } from "../yaml/read.ts";
import { type ForChild, type LibraryValues, parseRef, type ValuesDocument } from "./data_values.ts";
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
  const values: ValuesDocument[] = [];
  const forChildren: ForChild[] = [];
  const add = (key: string, value: (file: SourceFile) => YamlValue, from: string) => {
    const { path, rest } = splitRef(key);
    const position = new Position(new SourceFile(from, ""), 0);
    const document = keyDocument(rest, value(new SourceFile(from, "")), position);
    if (path === undefined) values.push({ document, from: "additional data values" });
    else {forChildren.push({
        path,
        kind: "values",
        document,
        from: "additional data values",
        afterLibraryModule: true,
      });}
  };
  for (const file of flags.dataValuesFiles ?? []) {
    const { path, rest } = splitRef(file.path, ":");
    for (const document of readValues(file, rest)) {
      if (path === undefined) values.push({ document, from: rest });
      else {forChildren.push({
          path,
          kind: "values",
          document,
          from: rest,
          afterLibraryModule: true,
        });}
    }
  }
  for (
    const [prefixes, yaml] of [[flags.dataValuesEnv, false], [
      flags.dataValuesEnvYaml,
      true,
    ]] as const
  ) {
    for (const prefix of prefixes ?? []) {
      const { path, rest } = splitRef(prefix, ":");
      for (const [name, text] of Object.entries(flags.env ?? {})) {
        if (!name.startsWith(`${rest}_`)) continue;
        const key = name.slice(rest.length + 1).split("__").join(".");
        const target = path === undefined ? key : `${prefix.slice(0, prefix.indexOf(":"))}:${key}`;
        add(target, () => yaml ? yamlOf(text, name) : text, `environment variable ${name}`);
      }
    }
  }
  for (const [pairs, yaml] of [[flags.dataValues, false], [flags.dataValuesYaml, true]] as const) {
    for (const pair of pairs ?? []) {
      const index = pair.indexOf("=");
      if (index < 0) {
        throw new YttError(`Expected format key=value, but was '${pair}'`, {
          context: "Extracting data value from KV",
        });
      }
      const text = pair.slice(index + 1);
      add(
        pair.slice(0, index),
        () => yaml ? yamlOf(text, pair) : text,
        `key '${pair.slice(0, index)}' (kv arg)`,
      );
    }
  }
  for (const { key, file } of flags.dataValueFiles ?? []) {
    add(key, () => new WorkFile(file).text(), `key '${key}' (kv file arg)`);
  }
  return { schemas: [], values, forChildren, skipValidation: flags.skipValidation ?? false };
}

function readValues(file: InputFile, name: string): Document[] {
  try {
    const set = readYaml(new WorkFile(file).data, { name, withoutComments: true });
    const documents = set.items.filter((item) => item.value !== null);
    for (const document of documents) {
      if (!(document.value instanceof YamlMap)) {
        throw new Error(
          `Expected data values file '${name}' to be a map, but was ${kindOf(document.value)}`,
        );
      }
    }
    return documents;
  } catch (error) {
    throw new YttError((error as Error).message, {
      context: `Reading data values file '${name}'`,
      cause: error,
    });
  }
}

function kindOf(value: YamlValue): string {
  return value instanceof YamlArray ? "array" : typeof value === "string" ? "string" : "scalar";
}

function yamlOf(text: string, name: string): YamlValue {
  try {
    const items = readYaml(text, { withoutComments: true }).items;
    return items[0]?.value ?? null;
  } catch (error) {
    throw new YttError((error as Error).message, {
      context: `Extracting data value from '${name}'`,
      cause: error,
    });
  }
}

function keyDocument(key: string, value: YamlValue, position: Position): Document {
  const parts = key.split(".");
  let built = value;
  for (const part of parts.reverse()) {
    const item = new MapItem(part, built, position);
    built = new YamlMap([item], position);
  }
  locate(built, position);
  return new Document(built, position);
}

function locate(value: YamlValue | YamlNode, position: Position): void {
  if (!(value instanceof YamlNode)) return;
  value.position = position;
  for (const child of value.children()) {
    if (child instanceof YamlNode) locate(child, position);
  }
}

/** `@lib~alias:rest` for a library inside. */
function splitRef(
  text: string,
  separator = ":",
): { path: ForChild["path"] | undefined; rest: string } {
  if (!text.startsWith("@")) return { path: undefined, rest: text };
  const index = text.indexOf(separator);
  if (index < 0) return { path: undefined, rest: text };
  return { path: parseRef(text.slice(0, index)), rest: text.slice(index + 1) };
}
