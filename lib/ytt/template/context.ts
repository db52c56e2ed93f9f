/** The tree (or text) that one run of a template, or of one of its functions, builds. */
import { StarlarkValue, type Value } from "../starlark/values.ts";
import {
  type Annotation,
  ArrayItem,
  Document,
  DocumentSet,
  MapItem,
  showKey,
  YamlArray,
  YamlMap,
  YamlNode,
} from "../yaml/nodes.ts";
import type { Position } from "../yaml/position.ts";
import type { Dialect, TemplateNode } from "./code.ts";
import { goYamlType, Noop, toYaml } from "./convert.ts";
import { fromYaml, YamlFragment } from "./fragment.ts";
import { mapKeyOverride } from "./metas.ts";

interface Frame {
  readonly tag: number;
  readonly node: YamlNode;
  /** Keys of a map that was started here. */
  keys?: Set<unknown>;
}

/** A context; `finish` gives what it built. */
export class TemplateContext {
  #stack: Frame[] = [];
  #root: YamlNode | undefined;
  #texts: string[] = [];
  #annotations = new Map<number, Map<string, Annotation>>();
  #keys = new Map<number, Value>();

  constructor(
    readonly dialect: Dialect,
    readonly nodes: readonly TemplateNode[],
    readonly implicitOverrides: boolean,
  ) {}

  annotate(tag: number, name: string, annotation: Annotation): void {
    let pending = this.#annotations.get(tag);
    if (pending === undefined) this.#annotations.set(tag, pending = new Map());
    pending.set(name, annotation);
  }

  setKey(tag: number, key: Value): void {
    this.#keys.set(tag, key);
  }

  startNode(tag: number): void {
    const { node: template, parent } = this.nodes[tag]!;
    if (!(template instanceof YamlNode)) {
      this.#texts.push(template.text);
      return;
    }
    const stack = this.#stack;
    if (parent < 0) {
      this.#root = template.emptyCopy();
      stack.push({ tag, node: this.#root });
      return;
    }
    let depth = stack.length - 1;
    while (depth >= 0 && stack[depth]!.tag !== parent) depth--;
    if (depth >= 0) stack.length = depth + 1;
    else if (stack.length === 0) this.#startRoot(parent);
    else this.#refuse(template, parent);
    const frame = stack[stack.length - 1]!;
    const node = this.#make(template, tag);
    this.#add(frame, node);
    stack.push({ tag, node });
  }

  /** The first node decides what a function returns: a copy of the parent it has in the template. */
  #startRoot(parent: number): void {
    const template = this.nodes[parent]!.node as YamlNode;
    const root = template.emptyCopy();
    root.annotations = undefined;
    root.comments = undefined;
    this.#root = root;
    this.#stack.splice(0, this.#stack.length, { tag: parent, node: root });
  }

  /** A node whose parent was left out, by an `if` around it, would end up in another one. */
  #refuse(template: YamlNode, parent: number): never {
    let tag = parent;
    while (tag >= 0 && !this.#stack.some((frame) => frame.tag === tag)) {
      tag = this.nodes[tag]!.parent;
    }
    const ancestor = tag < 0 ? this.#root : this.nodes[tag]!.node;
    const [wanted, holder] = ancestor instanceof DocumentSet
      ? ["document", "documentset"]
      : ancestor instanceof YamlMap
      ? ["map item", "map"]
      : ["array item", "array"];
    throw new Error(`cannot add non-${wanted} value (${goYamlType(template)}) into ${holder}`);
  }

  #make(template: YamlNode, tag: number): YamlNode {
    let node: YamlNode;
    if (template instanceof MapItem) {
      const item = new MapItem(template.key, scalarOf(template), template.position);
      const key = this.#keys.get(tag);
      if (key !== undefined) {
        this.#keys.delete(tag);
        item.key = toYaml(key) as MapItem["key"];
      }
      node = item;
    } else if (template instanceof ArrayItem) {
      node = new ArrayItem(scalarOf(template), template.position);
    } else if (template instanceof Document) {
      const document = new Document(scalarOf(template), template.position);
      document.injected = template.injected;
      node = document;
    } else {
      node = template.emptyCopy();
    }
    node.annotations = this.#annotations.get(tag);
    if (node.annotations !== undefined) this.#annotations.delete(tag);
    node.comments = template.comments;
    return node;
  }

  #add(frame: Frame, node: YamlNode): void {
    const parent = frame.node;
    if (parent instanceof YamlMap) {
      const item = node as MapItem;
      const keys = frame.keys ??= new Set(parent.items.map((other) => keyOf(other.key)));
      const key = keyOf(item.key);
      if (keys.has(key)) overrideKey(parent, item, this.implicitOverrides, true);
      else keys.add(key);
      parent.items.push(item);
    } else if (parent instanceof YamlArray) {
      parent.items.push(node as ArrayItem);
    } else if (parent instanceof DocumentSet) {
      parent.items.push(node as Document);
    } else {
      (parent as MapItem).value = node as YamlMap;
    }
  }

  /** Gives the node that was started last its value. */
  setNode(value: Value): void {
    if (this.dialect === "text") {
      if (typeof value !== "string") {
        throw new Error(
          `cannot set non-string value (${
            givenType(value, value instanceof StarlarkValue ? safeYaml(value) : value)
          }), ` + "consider using str(...) to convert to string",
        );
      }
      this.#texts.push(value);
      return;
    }
    if (value instanceof Noop) return;
    const node = this.#stack[this.#stack.length - 1]?.node;
    if (node instanceof Document || node instanceof MapItem || node instanceof ArrayItem) {
      node.value = toYaml(value, node.position);
    } else {
      throw new Error("expected to find a node to set");
    }
  }

  /** `template.replace(value)`: puts what `value` holds in place of the current node. */
  replace(value: Value): void {
    const node = this.#stack[this.#stack.length - 1]?.node;
    const frame = this.#stack[this.#stack.length - 2];
    const parent = frame?.node;
    if (node instanceof Document && parent instanceof DocumentSet) {
      splice(parent.items, node, documentsOf(value, node.position));
    } else if (node instanceof MapItem && parent instanceof YamlMap) {
      const { items, strict } = mapItemsOf(value, node.position);
      const keys = frame!.keys!;
      keys.delete(keyOf(node.key));
      for (const item of items) {
        const key = keyOf(item.key);
        if (keys.has(key)) overrideKey(parent, item, this.implicitOverrides, strict, node);
        else keys.add(key);
      }
      splice(parent.items, node, items);
    } else if (node instanceof ArrayItem && parent instanceof YamlArray) {
      splice(parent.items, node, arrayItemsOf(value, node.position));
    } else {
      throw new Error(
        "expected to replace document value, map item or array item, " +
          `but found ${goYamlType(node)}`,
      );
    }
  }

  /** What was built, as a Starlark value. */
  finish(): Value {
    if (this.dialect === "text") return this.#texts.join("");
    if (this.#root === undefined) return new YamlFragment(null);
    if (nesting(this.#root) > maxNesting) {
      throw new Error(`value is nested deeper than ${maxNesting}`);
    }
    return fromYaml(this.#root);
  }

  /** The documents that a whole template built. */
  documents(): DocumentSet {
    return this.#root instanceof DocumentSet ? this.#root : new DocumentSet();
  }
}

/** Everything that walks a tree is recursive, so a tree must not get deeper than this. */
const maxNesting = 1000;
const known = new WeakMap<YamlNode, number>();

/** How deep a tree is. What functions returned is only measured once. */
function nesting(root: YamlNode): number {
  const measure = (node: YamlNode): number => {
    const found = known.get(node);
    if (found !== undefined) return found;
    let deepest = 0;
    for (const child of node.children()) {
      if (child instanceof YamlNode) deepest = Math.max(deepest, measure(child));
    }
    return deepest + (node instanceof YamlMap || node instanceof YamlArray ? 1 : 0);
  };
  const depth = measure(root);
  known.set(root, depth);
  return depth;
}

function scalarOf(node: MapItem | ArrayItem | Document): Document["value"] {
  return node.value instanceof YamlNode ? null : node.value;
}

function keyOf(key: unknown): unknown {
  return typeof key === "object" && key !== null
    ? `float ${(key as { value: number }).value}`
    : key;
}

/** Removes the earlier item with the key of `item`, or fails when nothing allows that. */
function overrideKey(
  map: YamlMap,
  item: MapItem,
  implicit: boolean,
  strict: boolean,
  placeholder?: MapItem,
): void {
  const key = keyOf(item.key);
  const index = map.items.findIndex((other) => other !== placeholder && keyOf(other.key) === key);
  if (index < 0) return;
  if (strict && !implicit && !item.annotations?.has(mapKeyOverride)) {
    throw new Error(
      `expected key '${showKey(item.key)}' to not be specified again ` +
        `(unless '${mapKeyOverride}' annotation is added)`,
    );
  }
  map.items.splice(index, 1);
}

function splice<T>(items: T[], placeholder: T, replacements: readonly T[]): void {
  const index = items.lastIndexOf(placeholder);
  if (index < 0) throw new Error("expected to find placeholder item");
  items.splice(index, 1, ...replacements);
}

function documentsOf(value: Value, position: Position): Document[] {
  const data = toYaml(value, position);
  if (data instanceof DocumentSet) return data.items;
  if (data instanceof YamlArray && !(value instanceof YamlFragment)) {
    return data.items.map((item) => new Document(item.value, position));
  }
  throw new Error(`expected value to be docset, but was ${givenType(value, data)}`);
}

function mapItemsOf(value: Value, position: Position): { items: MapItem[]; strict: boolean } {
  const data = toYaml(value, position);
  if (data === null && value instanceof YamlFragment) return { items: [], strict: true };
  if (data instanceof YamlMap) return { items: data.items, strict: value instanceof YamlFragment };
  throw new Error(`expected value to be map, but was ${givenType(value, data)}`);
}

function arrayItemsOf(value: Value, position: Position): ArrayItem[] {
  const data = toYaml(value, position);
  if (data === null && value instanceof YamlFragment) return [];
  if (data instanceof YamlArray) return data.items;
  throw new Error(`expected value to be array, but was ${givenType(value, data)}`);
}

/** Go's name for what was given; plain dicts and lists are no YAML nodes there. */
function givenType(value: Value, data: unknown): string {
  if (!(value instanceof YamlFragment)) {
    if (data instanceof YamlMap) return "*orderedmap.Map";
    if (data instanceof YamlArray) return "[]interface {}";
  }
  return goYamlType(data);
}

function safeYaml(value: Value): unknown {
  try {
    return toYaml(value);
  } catch {
    // It has no YAML form: its own type is the best name there is.
    return value;
  }
}
