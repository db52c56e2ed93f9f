import { parseEnvFile } from "./env_file.ts";
import { type FileContext, readReferred } from "./_files.ts";
import { isFile } from "./_discover.ts";
import type { Service } from "./model.ts";
import { bool, filled, object, oneOf, type Reader } from "./_reader.ts";
import { isNull, type ScalarNode, type TreeNode } from "../yaml_tree/mod.ts";

interface EnvFile {
  readonly path: string;
  readonly required: boolean;
  readonly format: "raw" | undefined;
  readonly at: TreeNode;
}

/** Puts the variables of a service's files below those of its own `environment`. */
export async function readEnvFilesOf(
  service: Service,
  node: TreeNode | undefined,
  name: string,
  reader: Reader,
  context: FileContext,
): Promise<Service> {
  if (node === undefined || isNull(node)) return service;
  const values = new Map<string, string>();
  for (const item of node.kind === "list" ? node.items : [node]) {
    const file = readEntry(item, reader, `services.${name}.env_file`);
    if (file === undefined) continue;
    if (!file.required && !await isFile(file.path, context.sought)) continue;
    const source = await readReferred(file.path, file.at, context);
    if (source === undefined) continue;
    const read = (variable: string) => reader.readEnv(variable) ?? values.get(variable);
    const options = file.format === undefined ? { read } : { read, format: file.format };
    for (const [variable, value] of parseEnvFile(source, reader.diagnostics, options)) {
      values.set(variable, value);
    }
  }
  return { ...service, environment: { ...Object.fromEntries(values), ...service.environment } };
}

/** Puts the labels of a service's files below its own `labels`. */
export async function readLabelFilesOf(
  service: Service,
  node: TreeNode | undefined,
  name: string,
  reader: Reader,
  context: FileContext,
): Promise<Service> {
  if (node === undefined || isNull(node)) return service;
  const values = new Map<string, string>();
  for (const item of node.kind === "list" ? node.items : [node]) {
    const path = filled(item, reader, `services.${name}.label_file`);
    const source = path === undefined ? undefined : await readReferred(path, item, context);
    if (source === undefined) continue;
    const read = (variable: string) => reader.readEnv(variable) ?? values.get(variable);
    for (const [label, value] of parseEnvFile(source, reader.diagnostics, { read })) {
      values.set(label, value);
    }
  }
  return { ...service, labels: { ...Object.fromEntries(values), ...service.labels } };
}

function readEntry(item: TreeNode, reader: Reader, path: string): EnvFile | undefined {
  if (item.kind === "scalar") {
    const file = filled(item, reader, path);
    if (file === undefined) return undefined;
    return { path: file, required: true, format: undefined, at: item };
  }
  const fields = object<{ path: string; required: boolean; format: "raw" }>({
    path: filled,
    required: bool,
    format: oneOf("raw"),
  })(item, reader, path);
  if (fields === undefined) return undefined;
  const { path: file, required = true, format } = fields;
  if (file === undefined) return reader.error(item, `An item of "${path}" must have a "path"`);
  const at = item.kind === "map" ? item.entries.get("path")!.value as ScalarNode : item;
  return { path: file, required, format, at };
}
