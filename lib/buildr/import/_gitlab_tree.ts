import { type Diagnostics, SourceText } from "../../diagnostics/mod.ts";
import {
  isNull,
  mapAt,
  type MapEntry,
  type MapNode,
  parseYaml,
  type TreeNode,
} from "../../yaml_tree/mod.ts";
import { findFiles } from "../plan/hash_files.ts";
import type { Notes } from "./draft.ts";

/** How deep files may include files, and jobs extend jobs. */
const MAX_DEPTH = 50;

/** What reading the files of a pipeline needs. */
export interface GitlabFiles {
  /** Absolute path of the project. */
  readonly directory: string;
  /** Reads a file below the project; `undefined` when it is not there. */
  readonly read: (path: string) => Promise<string | undefined>;
  /** Takes mistakes of syntax. */
  readonly diagnostics: Diagnostics;
  /** Takes what cannot be mapped. */
  readonly notes: Notes;
}

/** Reads a file and all local ones that it includes, merged as GitLab does it. */
export async function loadGitlab(
  source: SourceText,
  files: GitlabFiles,
  chain: readonly string[] = [],
): Promise<MapNode> {
  const { diagnostics, notes } = files;
  const start = { source, range: { start: 0, end: 0 } };
  const documents = await parseYaml(source, diagnostics, { tags: ["!reference"] }) ?? [];
  const maps = documents.filter((one) => one.kind === "map");
  const [first] = documents;
  if (documents.length > 0 && maps.length === 0 && !isNull(first!)) {
    diagnostics.error(source, first!.range, "A pipeline must be a mapping");
  }
  // A first document with "spec" describes inputs.
  let root = maps.at(-1) ?? mapAt(start);
  if (maps.length > 1) notes.add(maps[0]!, 'Inputs ("spec") are not known here');
  const include = root.entries.get("include")?.value;
  if (include === undefined) return root;
  let base: MapNode | undefined;
  for (const one of include.kind === "list" ? include.items : [include]) {
    for (const file of await includedFiles(one, files)) {
      if (chain.includes(file.file) || chain.length >= MAX_DEPTH) {
        diagnostics.error(one.source, one.range, `"${file.file}" includes itself`);
        continue;
      }
      const tree = await loadGitlab(file, files, [...chain, source.file]);
      base = base === undefined ? tree : deepMerge(base, tree);
    }
  }
  if (base !== undefined) root = deepMerge(base, root);
  return root;
}

async function includedFiles(
  node: TreeNode,
  { directory, read, notes }: GitlabFiles,
): Promise<readonly SourceText[]> {
  const local = node.kind === "scalar" && !/^https?:/.test(node.text)
    ? node
    : node.kind === "map"
    ? node.entries.get("local")?.value
    : undefined;
  if (local?.kind !== "scalar") {
    const kinds = node.kind === "map" ? [...node.entries.keys()].join(", ") : "remote";
    notes.add(node, `Only local files can be included, not ${kinds}`);
    return [];
  }
  if (node.kind === "map" && node.entries.has("rules")) {
    notes.add(node.entries.get("rules")!.key, "The file is included whatever its rules say");
  }
  const path = local.text.replace(/^\/+/, "");
  if (path.split("/").includes("..")) {
    notes.add(local, "A file outside of the project is not included");
    return [];
  }
  const paths = /[*?]/.test(path) ? await findFiles(directory, [path]) : [path];
  const sources: SourceText[] = [];
  for (const one of paths) {
    const text = await read(one);
    if (text === undefined) notes.add(local, `There is no file "${one}" to include`);
    else sources.push(new SourceText(one, text));
  }
  if (paths.length === 0) notes.add(local, `No file matches "${path}"`);
  return sources;
}

/** Merges mappings, deeply; everything else of the second one replaces that of the first. */
export function deepMerge(base: MapNode, over: MapNode): MapNode {
  const entries = new Map<string, MapEntry>(base.entries);
  for (const [name, { key, value }] of over.entries) {
    const before = entries.get(name)?.value;
    const merged = before?.kind === "map" && value.kind === "map"
      ? deepMerge(before, value)
      : value;
    entries.set(name, { key, value: merged });
  }
  return { ...over, entries };
}

/** Puts what jobs extend and what `!reference` refers to into their places. */
export class GitlabResolver {
  readonly #root: MapNode;
  readonly #diagnostics: Diagnostics;

  /** Takes the whole pipeline. */
  constructor(root: MapNode, diagnostics: Diagnostics) {
    this.#root = root;
    this.#diagnostics = diagnostics;
  }

  /** A job with everything that it extends. */
  job(name: string, chain: readonly string[] = []): MapNode | undefined {
    const node = this.#root.entries.get(name)?.value;
    if (node?.kind !== "map") return undefined;
    const resolved = this.#references(node, []) as MapNode;
    const given = resolved.entries.get("extends")?.value;
    if (given === undefined || isNull(given)) return resolved;
    let base: MapNode | undefined;
    for (const one of given.kind === "list" ? given.items : [given]) {
      const parentName = one.kind === "scalar" ? one.text : "";
      if (chain.includes(parentName) || parentName === name || chain.length > MAX_DEPTH) {
        this.#error(one, `"${name}" extends itself`);
        continue;
      }
      const parent = this.job(parentName, [...chain, name]);
      if (parent === undefined) this.#error(one, `There is no job ${JSON.stringify(parentName)}`);
      else base = base === undefined ? parent : deepMerge(base, parent);
    }
    const own = withoutEntry(resolved, "extends");
    return base === undefined ? own : deepMerge(base, own);
  }

  /** Any value of the top with what it refers to. */
  value(name: string): TreeNode | undefined {
    const node = this.#root.entries.get(name)?.value;
    return node === undefined ? undefined : this.#references(node, []);
  }

  #references(node: TreeNode, chain: readonly string[]): TreeNode {
    if (node.kind === "scalar") return node;
    if (node.tag === "reference" && node.kind === "list") return this.#refer(node, chain);
    if (node.kind === "list") {
      // What a reference within a list gives is a part of that list.
      const items = node.items.flatMap((item) => {
        const value = this.#references(item, chain);
        const isReference = item.kind === "list" && item.tag === "reference";
        return isReference && value.kind === "list" ? value.items : [value];
      });
      return { ...node, items };
    }
    const entries = new Map<string, MapEntry>();
    for (const [name, { key, value }] of node.entries) {
      entries.set(name, { key, value: this.#references(value, chain) });
    }
    return { ...node, entries };
  }

  #refer(node: TreeNode & { kind: "list" }, chain: readonly string[]): TreeNode {
    const path = node.items.map((item) => item.kind === "scalar" ? item.text : "");
    const id = JSON.stringify(path);
    const { source, range } = node;
    const nothing: TreeNode = { kind: "list", source, range, items: [] };
    if (chain.includes(id) || chain.length > MAX_DEPTH) {
      this.#error(node, "This reference leads to itself");
      return nothing;
    }
    let found: TreeNode | undefined = this.#root;
    for (const part of path) {
      found = found?.kind === "map" ? found.entries.get(part)?.value : undefined;
    }
    if (found === undefined) {
      this.#error(node, `There is no "${path.join('" › "')}" to refer to`);
      return nothing;
    }
    return this.#references(found, [...chain, id]);
  }

  #error(at: TreeNode, message: string): void {
    this.#diagnostics.error(at.source, at.range, message);
  }
}

function withoutEntry(node: MapNode, name: string): MapNode {
  const entries = new Map(node.entries);
  entries.delete(name);
  return { ...node, entries };
}
