import { isHostPath, splitVolume } from "./_volume_text.ts";
import {
  child,
  type MapEntry,
  type MapNode,
  type ScalarNode,
  type TreeNode,
  withEntries,
} from "../yaml_tree/mod.ts";

/** Makes a path absolute. */
export function absolutePath(path: string, directory: string, home?: string): string {
  if (home !== undefined && /^~(?:\/|$)/.test(path)) return cleanPath(`${home}${path.slice(1)}`);
  return cleanPath(path.startsWith("/") ? path : `${directory}/${path}`);
}

/** Takes `.`, `..` and doubled slashes out of an absolute path. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Directory of an absolute path. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** What relative paths of a file begin with. */
export interface PathBase {
  /** Absolute directory. */
  readonly directory: string;
  /** Directory of the user, for `~`. */
  readonly home: string | undefined;
}

type Change = (node: TreeNode) => TreeNode;

/** Makes all paths of a file absolute, while it is still known which file they stand in. */
export function resolvePaths(root: TreeNode, base: PathBase): TreeNode {
  const path: Change = (node) =>
    onText(node, (text) => absolutePath(text, base.directory, base.home));
  const context: Change = (node) =>
    onText(
      node,
      (text) =>
        /^[a-zA-Z][\w+.-]*:|^git@/.test(text)
          ? text
          : absolutePath(text, base.directory, base.home),
    );
  const envFile: Change = (node) => node.kind === "map" ? onEntries(node, { path }) : path(node);
  const volume: Change = (node) => {
    if (node.kind === "map") {
      const isBind = child(node, "type");
      return isBind?.kind === "scalar" && isBind.text === "bind"
        ? onEntries(node, { source: path })
        : node;
    }
    return onText(node, (text) => {
      const source = splitVolume(text)?.source;
      if (source === undefined || !isHostPath(source) || /^[a-zA-Z]:/.test(source)) return text;
      return absolutePath(source, base.directory, base.home) + text.slice(source.length);
    });
  };
  const service: Change = (node) =>
    onEntries(node, {
      build: (value) => value.kind === "map" ? onEntries(value, { context }) : context(value),
      env_file: (value) => value.kind === "list" ? onItems(value, envFile) : envFile(value),
      extends: (value) => onEntries(value, { file: path }),
      label_file: (value) => value.kind === "list" ? onItems(value, path) : path(value),
      volumes: (value) => onItems(value, volume),
    });
  const device: Change = (node) => {
    const options = child(node, "driver_opts");
    const kind = child(options, "o");
    const isBind = kind?.kind === "scalar" && /(?:^|,)r?bind(?:,|$)/.test(kind.text);
    return isBind
      ? onEntries(node, { driver_opts: (value) => onEntries(value, { device: path }) })
      : node;
  };
  const file: Change = (node) => onEntries(node, { file: path });
  return onEntries(root, {
    services: (node) => onValues(node, service),
    volumes: (node) => onValues(node, device),
    configs: (node) => onValues(node, file),
    secrets: (node) => onValues(node, file),
  });
}

function onText(node: TreeNode, change: (text: string) => string): TreeNode {
  if (node.kind !== "scalar" || node.text === "") return node;
  const text = change(node.text);
  return text === node.text ? node : { ...node, text } satisfies ScalarNode;
}

function onEntries(node: TreeNode, changes: Readonly<Record<string, Change>>): TreeNode {
  if (node.kind !== "map") return node;
  const changed: Record<string, TreeNode> = {};
  for (const [name, change] of Object.entries(changes)) {
    const value = node.entries.get(name)?.value;
    if (value === undefined) continue;
    const next = change(value);
    if (next !== value) changed[name] = next;
  }
  return Object.keys(changed).length === 0 ? node : withEntries(node, changed);
}

function onItems(node: TreeNode, change: Change): TreeNode {
  if (node.kind !== "list") return node;
  const items = node.items.map(change);
  return items.every((item, index) => item === node.items[index]) ? node : { ...node, items };
}

function onValues(node: TreeNode, change: Change): TreeNode {
  if (node.kind !== "map") return node;
  let changed = false;
  const entries = new Map<string, MapEntry>();
  for (const [name, entry] of node.entries) {
    const value = change(entry.value);
    changed ||= value !== entry.value;
    entries.set(name, value === entry.value ? entry : { key: entry.key, value });
  }
  return changed ? { ...node, entries } satisfies MapNode : node;
}
