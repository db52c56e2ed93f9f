/** YAML templates to Starlark lines. */
import {
  ArrayItem,
  Document,
  type DocumentSet,
  type ItemNode,
  MapItem,
  YamlNode,
  type YamlValue,
} from "../yaml/nodes.ts";
import type { Position } from "../yaml/position.ts";
import { type CompiledTemplate, instructions, type Line, type TemplateNode } from "./code.ts";
import { readMetas, textTemplatedStrings } from "./metas.ts";
import { compileParts } from "./text_compiler.ts";
import { parseText } from "./text_parser.ts";

/** How to compile. */
export interface CompileOptions {
  /** Comments that are neither `#@` nor `#!` are passed over. Default: false. */
  readonly ignoreUnknownComments?: boolean;
}

/** Compiles a document set; throws `TemplateCompileError`. */
export function compileYaml(
  set: DocumentSet,
  name: string,
  options: CompileOptions = {},
): CompiledTemplate {
  const compiler = new YamlCompiler(options.ignoreUnknownComments ?? false);
  compiler.node(set, -1, false);
  compiler.lines.push({ code: "None", display: `${instructions.endCtx}(None)` });
  return { name, lines: compiler.lines, nodes: compiler.nodes, dialect: "yaml" };
}

class YamlCompiler {
  // The runner opens and closes the outermost context, but messages show these lines.
  readonly lines: Line[] = [
    { code: `${instructions.setCtxType}("yaml")` },
    { code: "None", display: `${instructions.startCtx}("yaml")` },
  ];
  readonly nodes: TemplateNode[] = [];

  constructor(readonly ignoreUnknown: boolean) {}

  node(node: YamlNode, parent: number, inheritedText: boolean): void {
    const tag = this.nodes.length;
    const metas = readMetas(node, this.ignoreUnknown);
    const annotations = metas.annotations.length === 0
      ? undefined
      : new Map(metas.annotations.map(({ name, position }) => [name, position]));
    this.nodes.push(annotations === undefined ? { node, parent } : { node, parent, annotations });
    for (const { code, position } of metas.block) this.#line(code, position);
    let textual = inheritedText;
    for (const { name, code, position } of metas.annotations) {
      if (name === textTemplatedStrings) textual = true;
      const args = code.trim() === "" ? "" : `, ${code}`;
      // As in ytt a comment in the code takes the bracket with it, which is an error.
      this.#line(
        `${instructions.startNodeAnnotation}(${tag}, ${quote(name)}${args})`,
        position,
      );
    }
    if (node instanceof MapItem && textual && typeof node.key === "string") this.#key(node, tag);
    const start = `${instructions.startNode}(${tag})`;
    // Messages never point at a collection, only at its items.
    if (isItem(node)) this.#line(start, node.position);
    else this.lines.push({ code: start });
    if (metas.values.length > 0) {
      for (const { code, position } of metas.values) {
        this.#line(`${instructions.setNode}(${tag}, (${code}))`, position);
      }
    } else if (isItem(node)) {
      this.#value(node, node.value, tag, textual);
    } else {
      for (const child of node.children()) this.node(child as YamlNode, tag, textual);
    }
    for (let i = 0; i < metas.ends; i++) this.lines.push({ code: "end" });
  }

  #value(
    node: Document | MapItem | ArrayItem,
    value: YamlValue,
    tag: number,
    textual: boolean,
  ): void {
    if (value instanceof YamlNode) return this.node(value, tag, textual);
    if (textual && typeof value === "string" && value.includes("(@")) {
      return this.#text(value, node.position, tag, instructions.setNode);
    }
    if (textual && typeof value === "string" && value.includes("@)")) {
      parseText(value, node.position.file, node.position.line);
    }
    // The node starts out with its own scalar, see `TemplateContext.startNode`.
  }

  #key(node: MapItem, tag: number): void {
    const key = node.key as string;
    if (key.includes("(@")) {
      this.#text(key, node.position, tag, instructions.setMapItemKey);
    } else {
      if (key.includes("@)")) parseText(key, node.position.file, node.position.line);
      // ytt has the made-up line here, and its messages show it.
      this.lines.push({ code: "None", display: `${instructions.setCtxType}("text")` });
    }
  }

  #text(text: string, position: Position, tag: number, instruction: string): void {
    const parts = parseText(text, position.file, position.line);
    const root = this.nodes.length;
    this.nodes.push({ node: { kind: "text", text: "", position }, parent: -1 });
    this.lines.push(
      { code: `${instructions.setCtxType}("text")` },
      { code: `${instructions.startCtx}("text")` },
      ...compileParts(parts, this.nodes, root),
      { code: `${instruction}(${tag}, ${instructions.endCtx}())`, position },
      { code: `${instructions.setCtxType}("yaml")` },
    );
  }

  #line(code: string, position: Position): void {
    this.lines.push({ code, position });
  }
}

function isItem(node: YamlNode): node is ItemNode {
  return node instanceof Document || node instanceof MapItem || node instanceof ArrayItem;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
