/** What the comments of a node mean: code, values and annotations. */
import type { Comment, YamlNode } from "../yaml/nodes.ts";
import { Document, type DocumentSet } from "../yaml/nodes.ts";
import type { Position } from "../yaml/position.ts";
import { YamlNode as NodeClass } from "../yaml/nodes.ts";

/** Annotations of the template compiler itself. */
export const textTemplatedStrings = "yaml/text-templated-strings";
/** Lets a map item replace an earlier one with its key. */
export const mapKeyOverride = "yaml/map-key-override";

/** A template that cannot be compiled; the message holds its position. */
export class TemplateCompileError extends Error {
  override readonly name = "TemplateCompileError";
}

/** What one comment is. */
export type Meta =
  | { readonly kind: "comment" | "unknown" }
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "value"; readonly code: string }
  | { readonly kind: "annotation"; readonly name: string; readonly args: string };

/** Reads one comment (without its `#`). */
export function parseMeta(data: string): Meta {
  if (data.startsWith("!")) return { kind: "comment" };
  if (!data.startsWith("@")) return { kind: "unknown" };
  data = data.endsWith("\r") ? data.slice(0, -1) : data;
  if (data === "@" || data.startsWith("@ ") || data.startsWith("@\t")) {
    return { kind: "code", code: data.slice(2) };
  }
  const space = data.indexOf(" ");
  const name = space < 0 ? data.slice(1) : data.slice(1, space);
  const args = space < 0 ? "" : data.slice(space + 1);
  if (name === "template/code") return { kind: "code", code: args };
  if (name === "template/value") return { kind: "value", code: args };
  if (name === "comment") return { kind: "comment" };
  return { kind: "annotation", name, args };
}

/** A piece of code and where it was written. */
export interface Located {
  readonly code: string;
  readonly position: Position;
}

/** The meaning of all comments of one node. */
export interface Metas {
  readonly block: readonly Located[];
  readonly values: readonly Located[];
  readonly annotations: readonly (Located & { readonly name: string })[];
  /** How many blocks end with the node, from `if/end` and its like. */
  readonly ends: number;
}

const none: Metas = { block: [], values: [], annotations: [], ends: 0 };
const sugar = /^(\s*)(if|elif|else|for|def)\/end(?=[\s:(]|$)(.*)$/s;

/** Reads the comments of `node`; `children` says whether it has a value of its own. */
export function readMetas(node: YamlNode, ignoreUnknown: boolean): Metas {
  if (node.comments === undefined) return none;
  const block: Located[] = [];
  const values: Located[] = [];
  const annotations: (Located & { name: string })[] = [];
  let ends = 0;
  for (const comment of node.comments) {
    const meta = parseMeta(comment.data);
    const position = comment.position;
    switch (meta.kind) {
      case "unknown":
        if (!ignoreUnknown) throw new TemplateCompileError(unknownComment(comment));
        break;
      case "annotation":
        annotations.push({ name: meta.name, code: meta.args, position });
        break;
      case "code":
      case "value": {
        const onNode = meta.kind === "value" || position.line === node.position.line;
        if (onNode && !(node instanceof Document && (node.injected || node.implicit))) {
          const held = node.children().some((child) => child !== null);
          if (held || (node as { items?: unknown }).items !== undefined) {
            throw new TemplateCompileError(
              `Expected YAML node at ${node.position} to have either computed or YAML value, ` +
                "but found both",
            );
          }
          values.push({ code: meta.code, position });
          break;
        }
        if (ends > 0) {
          throw new TemplateCompileError(
            `Unexpected code at ${position} after use of '*/end', expected YAML node`,
          );
        }
        const match = sugar.exec(meta.code);
        if (match === null) {
          block.push({ code: meta.code, position });
        } else {
          ends++;
          block.push({ code: match[1]! + match[2]! + match[3]!, position });
        }
      }
    }
  }
  return { block, values, annotations, ends };
}

function unknownComment(comment: Comment): string {
  return `Failed to parse ${comment.position}: '#${comment.data}': Expected ytt-formatted string ` +
    "(use '#@' for annotations or code, '#!' for comments)";
}

/** Whether any comment of the tree is addressed to ytt. */
export function hasTemplating(node: YamlNode): boolean {
  if (node.comments?.some((comment) => parseMeta(comment.data).kind !== "unknown")) return true;
  for (const child of node.children()) {
    if (child instanceof NodeClass && hasTemplating(child)) return true;
  }
  return false;
}

/** Whether a document carries the annotation, before anything is evaluated. */
export function documentAnnotation(document: Document, name: string): boolean {
  return document.comments?.some((comment) => {
    const meta = parseMeta(comment.data);
    return meta.kind === "annotation" && meta.name === name;
  }) ?? false;
}

/** The first node below the documents that carries the annotation. */
export function annotatedInside(node: YamlNode, name: string): YamlNode | undefined {
  for (const child of node.children()) {
    if (!(child instanceof NodeClass)) continue;
    const found = !(child instanceof Document) && child.comments?.some(({ data }) => {
      const meta = parseMeta(data);
      return meta.kind === "annotation" && meta.name === name;
    });
    if (found) return child;
    const inner = annotatedInside(child, name);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Whether any document of the set carries the annotation. */
export function anyDocumentAnnotation(set: DocumentSet, names: readonly string[]): boolean {
  return set.items.some((item) => names.some((name) => documentAnnotation(item, name)));
}
