/** The overlay engine: applies a tree with `overlay/…` annotations to another tree. */
import {
  ArrayItem,
  copyValue,
  type Document,
  DocumentSet,
  type ItemNode,
  MapItem,
  showKey,
  YamlArray,
  YamlMap,
  YamlNode,
  type YamlValue,
} from "../yaml/nodes.ts";
import { LimitError, StarlarkError } from "../starlark/errors.ts";
import { limitOf } from "../template/error.ts";
import { type Caller, type Expects, noExpects, WhenNotMet } from "./expects.ts";
import { readAssert, readInsert, readReplace } from "./keywords.ts";
import { childDefaults, type DefaultMatch, matchIndexes } from "./matching.ts";
import { match, type Operation, operationOf } from "./names.ts";

/** How to apply. */
export interface OverlayOptions {
  /** Calls the functions in annotations. */
  readonly call: Caller;
  /** Documents without `overlay/match` are for every document. Default: false. */
  readonly exactMatch?: boolean;
}

/** Applies `right` to documents, which are changed in place; sets share the same matching. */
export function applyToDocuments(
  sets: readonly DocumentSet[],
  right: DocumentSet,
  options: OverlayOptions,
): void {
  new Overlay(options).documents(sets, right);
}

/** Applies `right` to `left`, which is changed in place; the result may be another value. */
export function applyOverlay(
  left: YamlValue,
  right: YamlValue,
  options: OverlayOptions,
): YamlValue {
  const overlay = new Overlay(options);
  if (right instanceof DocumentSet) {
    if (!(left instanceof DocumentSet)) {
      throw new Error("Expected left and right to be document sets");
    }
    overlay.documents([left], right);
    return left;
  }
  return overlay.values(left, right, noExpects) ? stripped(copyValue(right)) : left;
}

class Overlay {
  readonly #call: Caller;
  readonly #documentMatch: DefaultMatch;

  constructor(options: OverlayOptions) {
    this.#call = options.call;
    this.#documentMatch = options.exactMatch ? "all" : "none";
  }

  documents(sets: readonly DocumentSet[], right: DocumentSet): void {
    for (const document of right.items) {
      located(`Document on ${document.position}`, () => this.#document(sets, document));
    }
  }

  #document(sets: readonly DocumentSet[], node: Document): void {
    if (operationOf(node) === "append") {
      sets[sets.length - 1]?.items.push(inserted(node));
      return;
    }
    // All sets together decide how many documents match, then each is changed on its own.
    const all = sets.flatMap((set) => set.items);
    const before = all.length;
    this.#item(all, node, noExpects, this.#documentMatch, "document");
    if (sets.length === 1) {
      sets[0]!.items = all;
      return;
    }
    // One operation either adds or removes documents, never both.
    if (all.length !== before) distribute(sets, all);
  }

  /** Whether `left` has to be replaced by `right`; otherwise it has been changed in place. */
  values(left: YamlValue, right: YamlValue, defaults: Expects): boolean {
    if (right instanceof YamlMap && left instanceof YamlMap) {
      for (const item of right.items) {
        located(
          `Map item (key '${showKey(item.key)}') on ${item.position}`,
          () => this.#item(left.items, item, defaults, "key", "map item"),
        );
      }
      return false;
    }
    if (right instanceof YamlArray && left instanceof YamlArray) {
      for (const item of right.items) {
        located(
          `Array item on ${item.position}`,
          () => this.#item(left.items, item, defaults, "none", "array item"),
        );
      }
      return false;
    }
    return true;
  }

  #item(
    left: ItemNode[],
    node: ItemNode,
    defaults: Expects,
    byDefault: DefaultMatch,
    what: string,
  ): void {
    const operation: Operation = operationOf(node) ??
      (node instanceof ArrayItem && !node.annotations?.has(match) ? "append" : "merge");
    if (node instanceof MapItem && (operation === "insert" || operation === "append")) {
      throw new Error(`Overlay op overlay/${operation} is not supported on ${what}`);
    }
    if (operation === "append") {
      left.push(inserted(node));
      return;
    }
    let indexes: number[];
    try {
      indexes = matchIndexes(left, node, defaults, byDefault, this.#call);
    } catch (error) {
      if (error instanceof WhenNotMet) return;
      throw error;
    }
    switch (operation) {
      case "merge":
        return this.#merge(left, node, indexes, childDefaults(node, defaults));
      case "remove":
        return remove(left, indexes);
      case "replace":
        return this.#replace(left, node, indexes);
      case "insert":
        return this.#insert(left, node, indexes);
      case "assert":
        return this.#assert(left, node, indexes, childDefaults(node, defaults));
    }
  }

  #merge(left: ItemNode[], node: ItemNode, indexes: readonly number[], defaults: Expects): void {
    if (indexes.length === 0) {
      left.push(inserted(node));
      return;
    }
    for (const index of indexes) {
      const item = left[index]!;
      const replace = item.value === null || this.values(item.value, node.value, defaults);
      if (replace) {
        item.value = stripped(copyValue(node.value));
        item.position = node.position;
      }
    }
  }

  #replace(left: ItemNode[], node: ItemNode, indexes: readonly number[]): void {
    const replacement = readReplace(node, this.#call);
    for (const index of indexes) {
      const item = left[index]!;
      item.value = stripped(replacement.value(item));
      item.position = node.position;
    }
    if (indexes.length === 0 && replacement.orAdd) {
      const item = inserted(node);
      item.value = stripped(replacement.value(undefined));
      left.push(item);
    }
  }

  #insert(left: ItemNode[], node: ItemNode, indexes: readonly number[]): void {
    const insertion = readInsert(node, this.#call);
    const matched = new Set(indexes);
    const items: ItemNode[] = [];
    left.forEach((item, i) => {
      const made = () => {
        const copy = inserted(node);
        copy.value = stripped(insertion.value(item));
        return copy;
      };
      if (matched.has(i) && insertion.before) items.push(made());
      items.push(item);
      if (matched.has(i) && insertion.after) items.push(made());
    });
    left.splice(0, left.length, ...items);
  }

  #assert(left: ItemNode[], node: ItemNode, indexes: readonly number[], defaults: Expects): void {
    const check = readAssert(node, this.#call);
    for (const index of indexes) {
      const item = left[index]!;
      check(item);
      if (item.value !== null) this.values(item.value, node.value, defaults);
    }
  }
}

function remove(left: ItemNode[], indexes: readonly number[]): void {
  for (let i = indexes.length - 1; i >= 0; i--) left.splice(indexes[i]!, 1);
}

/** After the documents of several sets were changed as one list: each goes back to its set. */
function distribute(sets: readonly DocumentSet[], all: readonly Document[]): void {
  const owner = new Map<Document, number>();
  sets.forEach((set, i) => set.items.forEach((item) => owner.set(item, i)));
  const parts: Document[][] = sets.map(() => []);
  let current = 0;
  // A new document belongs to the set of the one before it, or of the one after it at the start.
  all.forEach((item, i) => {
    const own = owner.get(item);
    if (own !== undefined) current = own;
    else {
      const next = all.slice(i + 1).find((other) => owner.has(other));
      const before = i > 0 && owner.has(all[i - 1]!);
      if (!before && next !== undefined) current = owner.get(next)!;
      owner.set(item, current);
    }
    parts[current]!.push(item);
  });
  sets.forEach((set, i) => set.items = parts[i]!);
}

function inserted<T extends ItemNode>(node: T): T {
  return stripped(node.copy()) as T;
}

/** Removes overlay annotations: what was inserted must not act as an overlay again. */
function stripped<T extends YamlValue | YamlNode>(value: T): T {
  if (!(value instanceof YamlNode)) return value;
  if (value.annotations !== undefined) {
    for (const name of [...value.annotations.keys()]) {
      if (name.startsWith("overlay/")) value.annotations.delete(name);
    }
  }
  for (const child of value.children()) if (child instanceof YamlNode) stripped(child);
  return value;
}

function located(place: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (limitOf(error) !== undefined || error instanceof LimitError) throw error;
    if (error instanceof RangeError && !(error instanceof StarlarkError)) throw error;
    throw new Error(`${place}: ${(error as Error).message}`, { cause: error });
  }
}
