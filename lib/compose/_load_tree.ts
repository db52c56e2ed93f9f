import { isFile } from "./_discover.ts";
import { type Diagnostics, didYouMean } from "../diagnostics/mod.ts";
import { parseEnvFile } from "./env_file.ts";
import { applyExtends } from "./_extends.ts";
import {
  type FileContext,
  mergeFile,
  readComposeFile,
  readReferred,
  shown,
  textsOf,
} from "./_files.ts";
import type { ReadVariable } from "./interpolate.ts";
import { absolutePath, directoryOf } from "./_paths.ts";
import {
  child,
  isNull,
  mapAt,
  type MapEntry,
  type MapNode,
  type Place,
  plainValue,
  type TreeNode,
  withEntries,
} from "../yaml_tree/mod.ts";
import type { SourceText } from "../diagnostics/mod.ts";

/** Files that are put on top of each other. */
export interface TreeRequest {
  /** Absolute paths and texts. */
  readonly files: readonly { readonly path: string; readonly source: SourceText }[];
  /** What relative paths begin with. */
  readonly directory: string;
  /** Reads variables. */
  readonly read: ReadVariable;
  /** Files that include these. */
  readonly chain: readonly string[];
}

const SECTIONS = ["services", "networks", "volumes", "configs", "secrets"] as const;

/** Reads files with everything that they extend and include, and merges them in their order. */
export async function loadTree(
  request: TreeRequest,
  context: FileContext,
  onFile: (tree: MapNode) => void = () => {},
): Promise<MapNode> {
  const { directory, read } = request;
  let merged: MapNode | undefined;
  for (const { path, source } of request.files) {
    const base = { directory, home: context.home };
    const tree = await readComposeFile(source, base, read, context);
    onFile(tree);
    const extended = await applyExtends(tree, path, merged, { ...context, read });
    const whole = await applyIncludes(extended, path, request, context);
    merged = mergeFile(merged, whole);
  }
  return merged!;
}

async function applyIncludes(
  tree: MapNode,
  path: string,
  request: TreeRequest,
  context: FileContext,
): Promise<MapNode> {
  const include = child(tree, "include");
  if (include === undefined) return tree;
  const { diagnostics } = context;
  let whole = withEntries(tree, { include: undefined });
  if (isNull(include)) return whole;
  if (include.kind !== "list") {
    diagnostics.error(include.source, include.range, '"include" must be a list');
    return whole;
  }
  for (const item of include.items) {
    const included = await loadIncluded(item, path, request, context);
    if (included !== undefined) whole = importSections(whole, included, item, diagnostics);
  }
  return whole;
}

async function loadIncluded(
  item: TreeNode,
  parent: string,
  request: TreeRequest,
  context: FileContext,
): Promise<MapNode | undefined> {
  const { diagnostics, home } = context;
  checkKeys(item, diagnostics);
  const paths = item.kind === "map" ? textsOf(child(item, "path")) : textsOf(item);
  if (paths.length === 0) {
    diagnostics.error(item.source, item.range, 'An item of "include" must have a "path"');
    return undefined;
  }
  const files: { path: string; source: SourceText }[] = [];
  for (const at of paths) {
    if (/^(?:oci|https?|git|ssh):|^git@/.test(at.text)) {
      diagnostics.error(
        at.source,
        at.range,
        `Cannot include "${at.text}": only files can be included`,
      );
      continue;
    }
    const path = absolutePath(at.text, request.directory, home);
    if (path === parent || request.chain.includes(path)) {
      const names = [...request.chain, parent, path].map((one) => shown(one, context.cwd));
      const text = `Files include each other in a circle: ${names.join(" -> ")}`;
      diagnostics.error(at.source, at.range, text);
      continue;
    }
    const source = await readReferred(path, at, context);
    if (source !== undefined) files.push({ path, source });
  }
  if (files.length === 0) return undefined;
  const [given] = textsOf(child(item, "project_directory"));
  const directory = given === undefined
    ? directoryOf(files[0]!.path)
    : absolutePath(given.text, request.directory, home);
  const variables = await readVariables(item, directory, request, context);
  // What the including project knows wins over what the file of the included one says.
  const read: ReadVariable = (name) => request.read(name) ?? variables.get(name);
  return await loadTree({ files, directory, read, chain: [...request.chain, parent] }, context);
}

async function readVariables(
  item: TreeNode,
  directory: string,
  request: TreeRequest,
  context: FileContext,
): Promise<ReadonlyMap<string, string>> {
  const variables = new Map<string, string>();
  const given = textsOf(child(item, "env_file"));
  const read: ReadVariable = (name) => request.read(name) ?? variables.get(name);
  const sources: SourceText[] = [];
  for (const at of given) {
    const path = absolutePath(at.text, request.directory, context.home);
    const source = await readReferred(path, at, context);
    if (source !== undefined) sources.push(source);
  }
  if (given.length === 0) {
    const path = `${directory}/.env`;
    const isThere = await isFile(path, context.sought);
    const start: Place = { source: item.source, range: item.range };
    const source = isThere ? await readReferred(path, start, context) : undefined;
    if (source !== undefined) sources.push(source);
  }
  for (const source of sources) {
    for (const [name, value] of parseEnvFile(source, context.diagnostics, { read })) {
      variables.set(name, value);
    }
  }
  return variables;
}

function importSections(
  into: MapNode,
  from: MapNode,
  item: TreeNode,
  diagnostics: Diagnostics,
): MapNode {
  let whole = into;
  for (const section of SECTIONS) {
    const added = child(from, section);
    if (added?.kind !== "map") continue;
    const own = child(whole, section);
    if (own !== undefined && own.kind !== "map") continue;
    const entries = new Map<string, MapEntry>(own?.entries);
    for (const [name, entry] of added.entries) {
      const before = entries.get(name);
      if (before === undefined) entries.set(name, entry);
      else if (!isEqual(before.value, entry.value)) {
        diagnostics.error(
          before.key.source,
          before.key.range,
          `"${section}.${name}" is also in an included file, and differs from it`,
          {
            related: [
              { message: "it is there too", ...entry.key },
              { message: "the file is included here", source: item.source, range: item.range },
            ],
          },
        );
      }
    }
    whole = withEntries(whole, { [section]: { ...(own ?? mapAt(added)), entries } });
  }
  return whole;
}

function checkKeys(item: TreeNode, diagnostics: Diagnostics): void {
  if (item.kind !== "map") return;
  const known = ["path", "project_directory", "env_file"];
  for (const [name, { key }] of item.entries) {
    if (known.includes(name) || name.startsWith("x-")) continue;
    const meant = didYouMean(name, known);
    diagnostics.error(key.source, key.range, `Unknown key "${name}" in "include"`, {
      ...(meant === undefined ? {} : { hint: `did you mean "${meant}"?` }),
    });
  }
}

function isEqual(a: TreeNode, b: TreeNode): boolean {
  return a === b || JSON.stringify(plainValue(a)) === JSON.stringify(plainValue(b));
}
