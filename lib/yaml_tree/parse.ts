import type { Diagnostics, SourceText } from "../diagnostics/mod.ts";
import {
  type ListNode,
  type MapEntry,
  type MapNode,
  type Place,
  place,
  type TreeNode,
} from "./tree.ts";

/** A file whose aliases stand for more values than this is taken for an attack. */
const MAX_VALUES = 2_000_000;

/** Aliases may stand for this much more than what was written. */
const MAX_GROWTH = 100;

type Yaml = typeof import("../deps/js_yaml.ts");

interface OpenMap extends Place {
  readonly kind: "map";
  readonly entries: Map<string, MapEntry>;
  readonly merges: { readonly key: Place; readonly value: TreeNode }[];
  readonly anchor: string | undefined;
  readonly tag: string | undefined;
  key: (Place & { readonly text: string; readonly isMerge: boolean }) | undefined;
}

interface OpenList extends Place {
  readonly kind: "list";
  readonly items: TreeNode[];
  readonly anchor: string | undefined;
  readonly tag: string | undefined;
}

/** What a reader of YAML may meet beside plain data. */
export interface ParseOptions {
  /** Names of tags that nodes keep, with their `!`. Default none; others are mistakes. */
  readonly tags?: readonly string[];
}

/** What is read, and what an alias may refer to. */
interface Reading {
  readonly tags: readonly string[];
  readonly yaml: Yaml;
  readonly source: SourceText;
  readonly diagnostics: Diagnostics;
  readonly anchors: Map<string, TreeNode | undefined>;
  /** How many values each shared node stands for. */
  readonly sizes: Map<TreeNode, number>;
}

/**
 * Reads the YAML of one file.
 *
 * @param source The file.
 * @param diagnostics Takes mistakes: syntax, names given twice, unknown anchors and tags.
 * @param options Which tags have a meaning.
 * @returns Its documents; `undefined` when its syntax is wrong.
 */
export async function parseYaml(
  source: SourceText,
  diagnostics: Diagnostics,
  options: ParseOptions = {},
): Promise<readonly TreeNode[] | undefined> {
  const yaml = await import("../deps/js_yaml.ts");
  let events: ReturnType<Yaml["parseEvents"]>;
  try {
    events = yaml.parseEvents(source.text, {});
  } catch (error) {
    if (!(error instanceof yaml.YAMLException)) throw error;
    const at = Math.min(error.mark?.position ?? 0, source.text.length);
    diagnostics.error(source, { start: at, end: at + 1 }, `Cannot read YAML: ${error.reason}`);
    return undefined;
  }
  const reading: Reading = {
    tags: options.tags ?? [],
    yaml,
    source,
    diagnostics,
    anchors: new Map(),
    sizes: new Map(),
  };
  const documents = buildDocuments(events, reading);
  const written = events.length;
  for (const root of documents) {
    const size = sizeOf(root, reading.sizes);
    if (size > MAX_VALUES || size > MAX_GROWTH * Math.max(written, 1_000)) {
      diagnostics.error(
        source,
        root.range,
        "Cannot expand the aliases of this file: they stand for too many values",
      );
      return undefined;
    }
  }
  return documents;
}

function buildDocuments(
  events: ReturnType<Yaml["parseEvents"]>,
  reading: Reading,
): readonly TreeNode[] {
  const { yaml, source, anchors, diagnostics } = reading;
  const { EVENT_ID: id } = yaml;
  const documents: TreeNode[] = [];
  const stack: (OpenMap | OpenList)[] = [];
  const add = (node: TreeNode) => {
    const parent = stack.at(-1);
    if (parent === undefined) documents.push(node);
    else if (parent.kind === "list") parent.items.push(node);
    else addToMap(parent, node, diagnostics);
  };
  let lastEnd = 0;
  for (const event of events) {
    switch (event.type) {
      case id.DOCUMENT:
        anchors.clear();
        break;
      case id.SCALAR: {
        const { style } = event;
        const node = {
          kind: "scalar",
          source,
          range: outer(event, source.text, style, yaml, lastEnd),
          text: yaml.getScalarValue(source.text, event),
          plain: style === yaml.SCALAR_STYLE.PLAIN,
        } as const;
        lastEnd = node.range.end;
        const tag = tagOf(event, reading);
        const own = tag === "!!str" ? { ...node, plain: false } : node;
        const tagged = tag === undefined || tag === "!!str" ? own : { ...own, tag };
        const anchor = anchorOf(event, source.text);
        if (anchor !== undefined) anchors.set(anchor, tagged);
        add(tagged);
        break;
      }
      case id.MAPPING:
      case id.SEQUENCE: {
        const tag = tagOf(event, reading);
        const anchor = anchorOf(event, source.text);
        if (anchor !== undefined) anchors.set(anchor, undefined);
        const open = {
          source,
          range: { start: event.start, end: event.start + 1 },
          anchor,
          tag: tag === "!!str" ? undefined : tag,
        };
        stack.push(
          event.type === id.MAPPING
            ? { kind: "map", ...open, entries: new Map(), merges: [], key: undefined }
            : { kind: "list", ...open, items: [] },
        );
        break;
      }
      case id.ALIAS:
        add(resolveAlias(event, reading));
        break;
      case id.POP: {
        const open = stack.pop();
        if (open === undefined) break; // the end of a document
        const node = close(open, diagnostics);
        if (open.anchor !== undefined) anchors.set(open.anchor, node);
        add(node);
        break;
      }
    }
  }
  return documents;
}

function addToMap(parent: OpenMap, node: TreeNode, diagnostics: Diagnostics): void {
  const { key } = parent;
  if (key === undefined) {
    if (node.kind !== "scalar") {
      diagnostics.error(node.source, node.range, "A name must be a text, not a collection");
    }
    const text = node.kind === "scalar" ? node.text : "";
    const isMerge = text === "<<" && node.kind === "scalar" && node.plain;
    parent.key = { ...place(node), text, isMerge };
    return;
  }
  parent.key = undefined;
  if (key.isMerge) {
    parent.merges.push({ key: place(key), value: node });
    return;
  }
  const first = parent.entries.get(key.text);
  if (first !== undefined) {
    diagnostics.error(key.source, key.range, `"${key.text}" is given twice`, {
      related: [{ message: "it was given here first", ...first.key }],
    });
    return;
  }
  parent.entries.set(key.text, { key: place(key), value: node });
}

function close(open: OpenMap | OpenList, diagnostics: Diagnostics): TreeNode {
  const { source, range, tag } = open;
  const common = tag === undefined ? { source, range } : { source, range, tag };
  if (open.kind === "list") return { kind: "list", ...common, items: open.items } as ListNode;
  // The first of several maps wins, and what the map has itself wins over all of them.
  for (const { key, value } of open.merges) {
    for (const from of value.kind === "list" ? value.items : [value]) {
      if (from.kind !== "map") {
        diagnostics.error(key.source, key.range, 'Only mappings can be merged with "<<"');
        continue;
      }
      for (const [name, entry] of from.entries) {
        if (!open.entries.has(name)) open.entries.set(name, entry);
      }
    }
  }
  return { kind: "map", ...common, entries: open.entries } as MapNode;
}

function resolveAlias(
  event: { anchorStart: number; anchorEnd: number },
  { source, anchors, diagnostics }: Reading,
): TreeNode {
  const name = source.text.slice(event.anchorStart, event.anchorEnd);
  const range = { start: event.anchorStart, end: event.anchorEnd };
  const node = anchors.get(name);
  if (node !== undefined) return node;
  diagnostics.error(
    source,
    range,
    anchors.has(name)
      ? `Alias "${name}" stands within what it refers to`
      : `Alias "${name}" refers to no anchor before it`,
  );
  return { kind: "scalar", source, range, text: "", plain: true };
}

function tagOf(
  event: { tagStart: number; tagEnd: number },
  { source, diagnostics, tags }: Reading,
): string | undefined {
  if (event.tagStart === -1) return undefined;
  const tag = source.text.slice(event.tagStart, event.tagEnd);
  if (tags.includes(tag)) return tag.slice(1);
  if (tag === "!!str" || tag === "!") return "!!str";
  if (/^!!(?:map|seq|int|bool|float|null)$/.test(tag)) return undefined;
  const range = { start: event.tagStart, end: event.tagEnd };
  const known = tags.map((one) => `"${one}"`).join(" and ");
  diagnostics.error(
    source,
    range,
    `Unknown tag "${tag}"`,
    known === ""
      ? {}
      : { hint: `only ${known} ${tags.length === 1 ? "has" : "have"} a meaning here` },
  );
  return undefined;
}

function anchorOf(
  event: { anchorStart: number; anchorEnd: number },
  text: string,
): string | undefined {
  return event.anchorStart === -1 ? undefined : text.slice(event.anchorStart, event.anchorEnd);
}

// The range of a quoted text includes its quotes, and that of an empty one is a place.
function outer(
  event: { valueStart: number; valueEnd: number },
  text: string,
  style: number,
  { SCALAR_STYLE: styles }: Yaml,
  lastEnd: number,
): { start: number; end: number } {
  const { valueStart, valueEnd } = event;
  // A value that was left out stands after the name before it.
  if (valueStart < 0) return { start: lastEnd, end: lastEnd };
  if (style === styles.LITERAL_BLOCK || style === styles.FOLDED_BLOCK) {
    // The first line of a block is meant, not the white space in front of it.
    const blank = /^\s*/.exec(text.slice(valueStart, valueEnd))![0].length;
    return { start: valueStart + blank, end: Math.max(valueEnd, valueStart + blank) };
  }
  const quote = style === styles.SINGLE_QUOTED ? "'" : style === styles.DOUBLE_QUOTED ? '"' : "";
  if (quote !== "" && text[valueStart - 1] === quote) {
    return { start: valueStart - 1, end: valueEnd + 1 };
  }
  return { start: valueStart, end: Math.max(valueEnd, valueStart) };
}

// Shared nodes are one object, so counting each object once gives the size in linear time.
function sizeOf(node: TreeNode, sizes: Map<TreeNode, number>): number {
  if (node.kind === "scalar") return 1;
  const known = sizes.get(node);
  if (known !== undefined) return known;
  let size = 1;
  if (node.kind === "list") { for (const item of node.items) size += sizeOf(item, sizes); }
  else for (const { value } of node.entries.values()) size += 1 + sizeOf(value, sizes);
  sizes.set(node, size);
  return size;
}
