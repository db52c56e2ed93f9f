/** Text templates: text with `(@ code @)` and `(@= value @)` in it. */
import { Position, type SourceFile } from "../yaml/position.ts";
import { TemplateCompileError } from "./metas.ts";

/** A stretch of text. */
export interface TextNode {
  readonly kind: "text";
  text: string;
  readonly position: Position;
}

/** What stands between `(@` and `@)`. */
export interface CodeNode {
  readonly kind: "code";
  readonly content: string;
  readonly position: Position;
}

/** The parts of a text, in order. Lines count from `firstLine`. */
export function parseText(
  text: string,
  file: SourceFile | undefined,
  firstLine: number,
): (TextNode | CodeNode)[] {
  const nodes: (TextNode | CodeNode)[] = [];
  const mark = /\(@|@\)/g;
  let line = firstLine;
  let lineStart = 0;
  let scanned = 0;
  const column = (index: number) => {
    for (let i = text.indexOf("\n", scanned); i >= 0 && i < index; i = text.indexOf("\n", i + 1)) {
      line++;
      lineStart = i + 1;
    }
    scanned = Math.max(scanned, index);
    return index - lineStart + 1;
  };
  let start = 0;
  let startLine = firstLine;
  let inCode = false;
  for (let match = mark.exec(text); match !== null; match = mark.exec(text)) {
    const index = match.index;
    const col = column(index);
    if (match[0] === "(@") {
      if (inCode) {
        throw new TemplateCompileError(
          `Unexpected code opening '(@' at line ${line} col ${col + 1}`,
        );
      }
      nodes.push({
        kind: "text",
        text: text.slice(start, index),
        position: new Position(file, startLine),
      });
    } else {
      if (!inCode) {
        throw new TemplateCompileError(
          `Unexpected code closing '@)' at line ${line} col ${col + 1}`,
        );
      }
      nodes.push({
        kind: "code",
        content: text.slice(start, index),
        position: new Position(file, startLine),
      });
    }
    inCode = !inCode;
    start = index + 2;
    startLine = line;
  }
  if (inCode) {
    const col = column(text.length);
    throw new TemplateCompileError(`Missing code closing '@)' at line ${line} col ${col}`);
  }
  nodes.push({ kind: "text", text: text.slice(start), position: new Position(file, startLine) });
  return trimmed(nodes);
}

/** Applies `(@-` and `-@)` to the texts around them. */
function trimmed(nodes: (TextNode | CodeNode)[]): (TextNode | CodeNode)[] {
  nodes.forEach((node, i) => {
    if (node.kind !== "code") return;
    const before = nodes[i - 1];
    const after = nodes[i + 1];
    if (node.content.startsWith("-") && before?.kind === "text") {
      before.text = before.text.trimEnd();
    }
    if (node.content.endsWith("-") && after?.kind === "text") after.text = after.text.trimStart();
  });
  return nodes;
}

/** The code of `(@ … @)` without its markers, and whether its value is printed. */
export function codeOf(node: CodeNode): { readonly code: string; readonly prints: boolean } {
  let code = node.content;
  if (code.startsWith("-")) code = code.slice(1);
  if (code.endsWith("-")) code = code.slice(0, -1);
  const prints = code.startsWith("=");
  return { code: prints ? code.slice(1) : code, prints };
}
