/**
 * The tree that templates are compiled from, evaluated into and printed from. Scalars are
 * Starlark's own scalars, so that no conversion stands between a template and its values.
 */
import type { StarlarkFloat } from "../starlark/float.ts";
import { type Position, unknownPosition } from "./position.ts";

/** A YAML scalar: ints are numbers or bigints, floats are boxed. */
export type Scalar = null | boolean | number | bigint | string | StarlarkFloat;

/** What a document, a map item or an array item holds. */
export type YamlValue = Scalar | YamlMap | YamlArray | DocumentSet;

/** A comment, without its `#`. */
export interface Comment {
  readonly data: string;
  readonly position: Position;
}

/** The evaluated arguments of a `#@name …` annotation. */
export interface Annotation {
  readonly args: readonly unknown[];
  readonly kwargs: readonly (readonly [name: string, value: unknown])[];
  readonly position: Position;
}

/** What every node has. */
export abstract class YamlNode {
  position: Position;
  comments: Comment[] | undefined;
  annotations: Map<string, Annotation> | undefined;
  /** Data that a later stage keeps on the node (schema types, validations). */
  meta: Record<string, unknown> | undefined;

  constructor(position: Position = unknownPosition) {
    this.position = position;
  }

  /** How messages call this node. */
  abstract displayName(): string;
  /** A copy of the node and all below it. */
  abstract copy(): YamlNode;
  /** The same node without children. */
  abstract emptyCopy(): YamlNode;
  /** What the node holds: values or nodes. */
  abstract children(): readonly (YamlValue | YamlNode)[];

  protected adopt<T extends YamlNode>(copy: T): T {
    copy.comments = this.comments;
    copy.annotations = this.annotations === undefined ? undefined : new Map(this.annotations);
    copy.meta = this.meta === undefined ? undefined : { ...this.meta };
    return copy;
  }
}

/** Copies a value with all below it. */
export function copyValue<T extends YamlValue>(value: T): T {
  return value instanceof YamlNode ? value.copy() as unknown as T : value;
}

/** The documents of a file. */
export class DocumentSet extends YamlNode {
  items: Document[];
  constructor(items: Document[] = [], position?: Position) {
    super(position);
    this.items = items;
  }
  displayName(): string {
    return "document set";
  }
  copy(): DocumentSet {
    return this.adopt(new DocumentSet(this.items.map((item) => item.copy()), this.position));
  }
  emptyCopy(): DocumentSet {
    return this.adopt(new DocumentSet([], this.position));
  }
  children(): readonly Document[] {
    return this.items;
  }
}

/** One document. */
export class Document extends YamlNode {
  /** Set on the document that only exists to hold the comments after the last node. */
  injected = false;
  /** Set on a first document that has no `---`. */
  implicit = false;
  constructor(public value: YamlValue, position?: Position) {
    super(position);
  }
  displayName(): string {
    return "document";
  }
  copy(): Document {
    const copy = this.adopt(new Document(copyValue(this.value), this.position));
    copy.injected = this.injected;
    copy.implicit = this.implicit;
    return copy;
  }
  emptyCopy(): Document {
    const copy = this.adopt(new Document(null, this.position));
    copy.injected = this.injected;
    copy.implicit = this.implicit;
    return copy;
  }
  children(): readonly YamlValue[] {
    return [this.value];
  }
  /** Whether printing leaves the document out. */
  isEmpty(): boolean {
    const value = this.value;
    if (value === null) return true;
    return (value instanceof YamlMap || value instanceof YamlArray) && value.items.length === 0;
  }
}

/** A map; its items keep their order, and plain YAML may repeat a key. */
export class YamlMap extends YamlNode {
  items: MapItem[];
  constructor(items: MapItem[] = [], position?: Position) {
    super(position);
    this.items = items;
  }
  displayName(): string {
    return "map";
  }
  copy(): YamlMap {
    return this.adopt(new YamlMap(this.items.map((item) => item.copy()), this.position));
  }
  emptyCopy(): YamlMap {
    return this.adopt(new YamlMap([], this.position));
  }
  children(): readonly MapItem[] {
    return this.items;
  }
  /** The item with this key, the last one where it is repeated. */
  find(key: unknown): MapItem | undefined {
    for (let i = this.items.length - 1; i >= 0; i--) {
      if (this.items[i]!.key === key) return this.items[i];
    }
    return undefined;
  }
}

/** One `key: value`. */
export class MapItem extends YamlNode {
  constructor(public key: Scalar, public value: YamlValue, position?: Position) {
    super(position);
  }
  displayName(): string {
    return `map item (key '${showKey(this.key)}')`;
  }
  copy(): MapItem {
    return this.adopt(new MapItem(this.key, copyValue(this.value), this.position));
  }
  emptyCopy(): MapItem {
    return this.adopt(new MapItem(this.key, null, this.position));
  }
  children(): readonly YamlValue[] {
    return [this.value];
  }
}

/** A sequence. */
export class YamlArray extends YamlNode {
  items: ArrayItem[];
  constructor(items: ArrayItem[] = [], position?: Position) {
    super(position);
    this.items = items;
  }
  displayName(): string {
    return "array";
  }
  copy(): YamlArray {
    return this.adopt(new YamlArray(this.items.map((item) => item.copy()), this.position));
  }
  emptyCopy(): YamlArray {
    return this.adopt(new YamlArray([], this.position));
  }
  children(): readonly ArrayItem[] {
    return this.items;
  }
}

/** One `- value`. */
export class ArrayItem extends YamlNode {
  constructor(public value: YamlValue, position?: Position) {
    super(position);
  }
  displayName(): string {
    return "array item";
  }
  copy(): ArrayItem {
    return this.adopt(new ArrayItem(copyValue(this.value), this.position));
  }
  emptyCopy(): ArrayItem {
    return this.adopt(new ArrayItem(null, this.position));
  }
  children(): readonly YamlValue[] {
    return [this.value];
  }
}

/** A node that holds exactly one value. */
export type ItemNode = Document | MapItem | ArrayItem;

/** A key as messages show it. */
export function showKey(key: Scalar): string {
  if (key === null) return "<nil>";
  return typeof key === "object" ? String(key.value) : String(key);
}
