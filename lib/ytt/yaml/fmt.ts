/** `fmt`: one layout for YAML files, with their comments. */
import { StarlarkFloat } from "../starlark/float.ts";
import { scalarText } from "./emit.ts";
import {
  type ArrayItem,
  type Comment,
  Document,
  MapItem,
  type YamlArray,
  YamlMap,
  YamlNode,
  type YamlValue,
} from "./nodes.ts";
import { keyText } from "./emit.ts";
import { readYaml } from "./read.ts";

/** Formats all documents of a text. */
export function formatYaml(text: string, name = ""): string {
  const formatter = new Formatter();
  readYaml(text, { name }).items.forEach((document, i) => formatter.document(document, i === 0));
  return formatter.out.join("");
}

class Formatter {
  readonly out: string[] = [];

  document(document: Document, first: boolean): void {
    const { before, inline } = split(document);
    const plain = first && before.length === 0 && inline === "" &&
      (document.value !== null || document.implicit);
    if (!first) this.out.push("\n");
    for (const comment of before) this.out.push(`#${comment.data}\n`);
    if (!plain) this.out.push(`---${inline}\n`);
    const value = document.value;
    if (value === null) return;
    if (value instanceof YamlNode) this.#collection(value, 0, false);
    else this.out.push(`${scalarText(value, 2)}\n`);
  }

  /** `started` says that the first item goes on the line being written. */
  #collection(value: YamlNode, indent: number, started: boolean): void {
    const pad = " ".repeat(indent);
    const items = value.children() as readonly (MapItem | ArrayItem)[];
    if (items.length === 0) {
      this.out.push(value instanceof YamlMap ? "{}\n" : "[]\n");
      return;
    }
    items.forEach((item, i) => {
      const { before, inline } = split(item);
      // A comment starts a new paragraph, but not in front of the first item.
      if (before.length > 0 && i > 0) this.out.push("\n");
      for (const comment of before) {
        this.out.push(`${started && i === 0 ? "" : pad}#${comment.data}\n`);
      }
      if (!(started && i === 0 && before.length === 0)) this.out.push(pad);
      if (item instanceof MapItem) this.#mapItem(item, indent, inline);
      else this.#arrayItem(item, indent, inline);
    });
  }

  #mapItem(item: MapItem, indent: number, inline: string): void {
    const key = `${keyText(item.key) ?? scalarText(item.key, indent)}:`;
    const value = item.value;
    if (isEmptyCollection(value)) {
      this.out.push(`${key} ${value instanceof YamlMap ? "{}" : "[]"}${inline}\n`);
    } else if (isCollection(value)) {
      this.out.push(`${key}${inline}\n`);
      this.#collection(value, indent + 2, false);
    } else {
      this.out.push(this.#scalarLine(key, value, inline, indent, item));
    }
  }

  #arrayItem(item: ArrayItem, indent: number, inline: string): void {
    const value = item.value;
    if (!isCollection(value)) {
      this.out.push(this.#scalarLine("-", value, inline, indent, item));
    } else if (isEmptyCollection(value)) {
      this.out.push(`- ${value instanceof YamlMap ? "{}" : "[]"}${inline}\n`);
    } else if (inline !== "" || split(value.children()[0] as ArrayItem).before.length > 0) {
      this.out.push(`-${inline}\n`);
      this.#collection(value, indent + 2, false);
    } else {
      this.out.push("- ");
      this.#collection(value, indent + 2, true);
    }
  }

  /** An absent value with a comment stays absent: the comment may be its code. */
  #scalarLine(
    label: string,
    value: YamlValue,
    inline: string,
    indent: number,
    item: YamlNode,
  ): string {
    if (value === null && (inline !== "" || /(?:^|[:-])\s*$/.test(item.position.source()))) {
      return inline === ""
        ? `${label} null\n`.replace(/^- null\n$/, "- null\n")
        : `${label}${inline}\n`;
    }
    const text = scalarText(value as string, indent + 2);
    const at = text.indexOf("\n");
    if (inline === "" || at < 0) return `${label} ${text}${inline}\n`;
    return `${label} ${text.slice(0, at)}${inline}${text.slice(at)}\n`;
  }
}

function isCollection(value: YamlValue): value is YamlMap | YamlArray {
  return typeof value === "object" && value !== null && !(value instanceof StarlarkFloat);
}

function isEmptyCollection(value: YamlValue): boolean {
  return isCollection(value) && value.items.length === 0;
}

function split(node: YamlNode): { before: readonly Comment[]; inline: string } {
  const comments = node.comments ?? [];
  const own = node instanceof Document && (node.injected || node.implicit)
    ? []
    : comments.filter((comment) => comment.position.line === node.position.line);
  return {
    before: comments.filter((comment) => !own.includes(comment)),
    inline: own.map((comment) => ` #${comment.data}`).join(""),
  };
}
