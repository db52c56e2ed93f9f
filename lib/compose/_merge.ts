import { portParts } from "./_port_text.ts";
import {
  child,
  isNull,
  type ListNode,
  mapAt,
  type MapEntry,
  type MapNode,
  nullAt,
  place,
  textAt,
  type TreeNode,
} from "../yaml_tree/mod.ts";
import { splitVolume } from "./_volume_text.ts";

/**
 * How values of one key are put together
 * (https://github.com/compose-spec/compose-spec/blob/main/13-merge.md). Without a rule mappings are
 * merged, lists are joined and everything else is replaced.
 *
 * - `replace`: the later one alone.
 * - `pairs`: `NAME=value` in a list is the same as in a mapping; by name.
 * - `names`: a list of names is the same as a mapping with nothing; merged.
 * - a function: a list, of which one item of the same identity replaces another.
 */
type Rule = "replace" | "pairs" | "names" | "build" | "logging" | Identity;
type Identity = (item: TreeNode) => string | undefined;

const byText: Identity = (item) => item.kind === "scalar" ? item.text : textOf(child(item, "path"));
const byTarget: Identity = (item) =>
  item.kind === "scalar"
    ? splitVolume(item.text)?.target ?? item.text
    : textOf(child(item, "target")) ?? textOf(child(item, "source"));
const byName: Identity = (item) =>
  item.kind === "scalar"
    ? item.text
    : textOf(child(item, "target")) ?? textOf(child(item, "source"));
const byDevice: Identity = (item) =>
  item.kind === "scalar" ? item.text.split(":")[1] ?? item.text : textOf(child(item, "target"));
const bySubnet: Identity = (item) => textOf(child(item, "subnet"));

const SERVICE_RULES: Readonly<Record<string, Rule>> = {
  "annotations": "pairs",
  "build": "build",
  "build.additional_contexts": "pairs",
  "build.args": "pairs",
  "build.extra_hosts": byText,
  "build.labels": "pairs",
  "build.platforms": byText,
  "build.tags": byText,
  "build.secrets": byName,
  "cap_add": byText,
  "cap_drop": byText,
  "command": "replace",
  "configs": byName,
  "depends_on": "names",
  "deploy.labels": "pairs",
  "devices": byDevice,
  "dns": byText,
  "dns_opt": byText,
  "dns_search": byText,
  "entrypoint": "replace",
  "env_file": byText,
  "environment": "pairs",
  "expose": byText,
  "extra_hosts": byText,
  "healthcheck.test": "replace",
  "label_file": byText,
  "labels": "pairs",
  "links": byText,
  "external_links": byText,
  "logging": "logging",
  "networks": "names",
  "ports": portIdentity,
  "profiles": byText,
  "secrets": byName,
  "sysctls": "pairs",
  "tmpfs": byText,
  "volumes": byTarget,
};

/** Puts a later file, or a service that extends another, on top of an earlier one. */
export function mergeTrees(base: TreeNode, over: TreeNode, path: readonly string[] = []): TreeNode {
  if (over.tag === "reset") return nullAt(over);
  if (over.tag === "override") return withoutTags(over);
  if (isNull(over)) return base;
  if (isNull(base)) return withoutTags(over);
  const rule = ruleFor(path);
  switch (rule) {
    case "replace":
      return withoutTags(over);
    case "pairs":
      return mergeMaps(pairsOf(base), pairsOf(over), path);
    case "names":
      return mergeMaps(namesOf(base, path), namesOf(over, path), path);
    case "build":
      return mergeMaps(contextOf(base), contextOf(over), path);
    case "logging": {
      const [before, after] = [textOf(child(base, "driver")), textOf(child(over, "driver"))];
      if (after !== undefined && before !== undefined && after !== before) return withoutTags(over);
      return mergeMaps(base, over, path);
    }
    case undefined:
      if (base.kind === "list" && over.kind === "list") {
        return { ...base, items: [...base.items, ...withoutTags(over).items] };
      }
      return mergeMaps(base, over, path);
    default:
      return mergeLists(asList(base), asList(over), rule, path);
  }
}

/** Takes what `!reset` and `!override` say out of a tree that is merged with nothing. */
export function withoutTags<T extends TreeNode>(node: T): T {
  if (node.kind === "scalar") return node.tag === undefined ? node : { ...node, tag: undefined };
  if (node.kind === "list") {
    return { ...node, tag: undefined, items: node.items.map(withoutTags) };
  }
  const entries = new Map<string, MapEntry>();
  for (const [name, { key, value }] of (node as MapNode).entries) {
    if (value.tag !== "reset") entries.set(name, { key, value: withoutTags(value) });
  }
  return { ...node, tag: undefined, entries };
}

/** Turns a text or a list of `NAME=value` into a mapping. */
export function pairsOf(node: TreeNode): TreeNode {
  if (node.kind !== "list" || node.items.some((item) => item.kind !== "scalar")) return node;
  const entries = new Map<string, MapEntry>();
  for (const item of node.items) {
    if (item.kind !== "scalar") continue;
    const equals = item.text.indexOf("=");
    const name = equals === -1 ? item.text : item.text.slice(0, equals);
    const value = equals === -1 ? nullAt(item) : textAt(item, item.text.slice(equals + 1));
    entries.set(name, { key: place(item), value });
  }
  return { kind: "map", ...place(node), entries };
}

/** Turns a list of names into a mapping of them to nothing. */
export function namesOf(node: TreeNode, path: readonly string[]): TreeNode {
  if (node.kind !== "list" || node.items.some((item) => item.kind !== "scalar")) return node;
  const entries = new Map<string, MapEntry>();
  for (const item of node.items) {
    if (item.kind !== "scalar") continue;
    // The short form says no condition, and its absence must not count as one that was changed.
    const value = path[2] === "depends_on"
      ? mapAt(item, [["condition", textAt(item, "service_started")]])
      : nullAt(item);
    entries.set(item.text, { key: place(item), value });
  }
  return { kind: "map", ...place(node), entries };
}

function contextOf(node: TreeNode): TreeNode {
  return node.kind === "scalar" ? mapAt(node, [["context", node]]) : node;
}

function mergeMaps(base: TreeNode, over: TreeNode, path: readonly string[]): TreeNode {
  if (base.kind !== "map" || over.kind !== "map") return withoutTags(over);
  const entries = new Map(base.entries);
  for (const [name, { key, value }] of over.entries) {
    const before = entries.get(name);
    if (value.tag === "reset") entries.delete(name);
    else if (before === undefined) entries.set(name, { key, value: withoutTags(value) });
    else if (!isNull(value)) {
      entries.set(name, { key, value: mergeTrees(before.value, value, [...path, name]) });
    } else if (ruleFor(path) === "pairs") entries.set(name, { key, value });
  }
  return { ...base, entries };
}

function mergeLists(
  base: ListNode,
  over: ListNode,
  identity: Identity,
  path: readonly string[],
): ListNode {
  const items = new Map<string, TreeNode>();
  [...base.items, ...over.items.map(withoutTags)].forEach((item, index) => {
    const name = identity(item) ?? `#${index}`;
    const before = items.get(name);
    items.set(
      name,
      before?.kind === "map" && item.kind === "map"
        ? mergeMaps(before, item, [...path, "*"])
        : item,
    );
  });
  return { ...base, items: [...items.values()] };
}

function ruleFor(path: readonly string[]): Rule | undefined {
  if (path[0] === "services" && path.length > 2) {
    if (path.length === 4 && path[2] === "ulimits") return "replace";
    if (path.length === 5 && path[2] === "networks" && path[4] === "aliases") return byText;
    return SERVICE_RULES[path.slice(2).join(".")];
  }
  if (path.length === 3 && path[2] === "labels") return "pairs";
  if (path[0] === "networks" && path.slice(2).join(".") === "ipam.config") return bySubnet;
  return undefined;
}

function asList(node: TreeNode): ListNode {
  return node.kind === "list" ? node : { kind: "list", ...place(node), items: [node] };
}

function portIdentity(item: TreeNode): string | undefined {
  if (item.kind === "scalar") {
    const { hostIp = "0.0.0.0", published = "", target, protocol = "tcp" } = portParts(item.text);
    return `${hostIp}:${published}:${target}/${protocol}`;
  }
  const part = (name: string) => textOf(child(item, name));
  const protocol = part("protocol") ?? "tcp";
  return `${part("host_ip") ?? "0.0.0.0"}:${part("published") ?? ""}:${part("target")}/${protocol}`;
}

function textOf(node: TreeNode | undefined): string | undefined {
  return node?.kind === "scalar" ? node.text : undefined;
}
