import type { SourceText, TextRange } from "../diagnostics/mod.ts";

/** A value of a YAML file that still knows where it was written. */
export type TreeNode = MapNode | ListNode | ScalarNode;

/** What every node knows. */
export interface Place {
  /** The file. */
  readonly source: SourceText;
  /** Where it stands; for a map or list its first unit only. */
  readonly range: TextRange;
}

/** Names and values, in the order of the file. */
export interface MapNode extends Place {
  /** Tells the kinds apart. */
  readonly kind: "map";
  /** Entries by name. */
  readonly entries: ReadonlyMap<string, MapEntry>;
  /** Its tag without the `!`, where the reader knows it. */
  readonly tag?: string;
}

/** One entry of a map. */
export interface MapEntry {
  /** Where its name stands. */
  readonly key: Place;
  /** Its value. */
  readonly value: TreeNode;
}

/** Values in a row. */
export interface ListNode extends Place {
  /** Tells the kinds apart. */
  readonly kind: "list";
  /** The values. */
  readonly items: readonly TreeNode[];
  /** Its tag without the `!`, where the reader knows it. */
  readonly tag?: string;
}

/** A text, number, truth value or nothing. */
export interface ScalarNode extends Place {
  /** Tells the kinds apart. */
  readonly kind: "scalar";
  /** Its text, decoded. */
  readonly text: string;
  /** Whether it was written without quotes, so that it may be a number, a truth value or nothing. */
  readonly plain: boolean;
  /** Its tag without the `!`, where the reader knows it. */
  readonly tag?: string;
}

/** Tells whether a value is nothing: `null`, `~` or empty, without quotes. */
export function isNull(node: TreeNode): boolean {
  return node.kind === "scalar" && node.plain && /^(?:|~|null|Null|NULL)$/.test(node.text);
}

/** Gets an entry's value. */
export function child(node: TreeNode | undefined, name: string): TreeNode | undefined {
  return node?.kind === "map" ? node.entries.get(name)?.value : undefined;
}

/** Makes a map with some entries put in or, when `undefined`, taken out. */
export function withEntries(
  node: MapNode,
  changes: Readonly<Record<string, TreeNode | undefined>>,
): MapNode {
  const entries = new Map(node.entries);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) entries.delete(name);
    else entries.set(name, { key: entries.get(name)?.key ?? place(value), value });
  }
  return { ...node, entries };
}

/** Makes a map at a place. */
export function mapAt(at: Place, values: Iterable<readonly [string, TreeNode]> = []): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const [name, value] of values) entries.set(name, { key: place(value), value });
  return { kind: "map", ...place(at), entries };
}

/** Makes a text at a place. */
export function textAt(at: Place, text: string): ScalarNode {
  return { kind: "scalar", ...place(at), text, plain: false };
}

/** Makes nothing at a place. */
export function nullAt(at: Place): ScalarNode {
  return { kind: "scalar", ...place(at), text: "", plain: true };
}

/** Only the place of a node. */
export function place({ source, range }: Place): Place {
  return { source, range };
}

/** Names the kind of a value for messages. */
export function describeNode(node: TreeNode): string {
  if (node.kind === "map") return "a mapping";
  if (node.kind === "list") return "a list";
  if (isNull(node)) return "nothing";
  const text = node.text.length > 60 ? `${node.text.slice(0, 60)}…` : node.text;
  return JSON.stringify(text);
}

/** Turns a node into plain data, as the core schema of YAML 1.2 reads it. */
export function plainValue(node: TreeNode): unknown {
  if (node.kind === "map") {
    return Object.fromEntries(
      Array.from(node.entries, ([name, { value }]) => [name, plainValue(value)]),
    );
  }
  if (node.kind === "list") return node.items.map(plainValue);
  if (!node.plain) return node.text;
  if (isNull(node)) return null;
  if (/^(?:true|True|TRUE)$/.test(node.text)) return true;
  if (/^(?:false|False|FALSE)$/.test(node.text)) return false;
  if (/^[-+]?\d+$/.test(node.text) && Number.isSafeInteger(Number(node.text))) {
    return Number(node.text);
  }
  if (/^0o[0-7]+$/.test(node.text)) return Number.parseInt(node.text.slice(2), 8);
  if (/^0x[0-9a-fA-F]+$/.test(node.text)) return Number.parseInt(node.text.slice(2), 16);
  if (/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(node.text)) return Number(node.text);
  return node.text;
}
