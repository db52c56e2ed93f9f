/** Text templates to Starlark lines. */
import { Position, SourceFile } from "../yaml/position.ts";
import { type CompiledTemplate, instructions, type Line, type TemplateNode } from "./code.ts";
import { type CodeNode, codeOf, parseText, type TextNode } from "./text_parser.ts";

/** Compiles a text file. */
export function compileText(text: string, name: string): CompiledTemplate {
  const nodes: TemplateNode[] = [];
  const file = new SourceFile(name, text);
  nodes.push({ node: { kind: "text", text: "", position: new Position(file, 0) }, parent: -1 });
  const lines: Line[] = [
    { code: `${instructions.setCtxType}("text")` },
    { code: "None", display: `${instructions.startCtx}("text")` },
    ...compileParts(parseText(text, file, 1), nodes, 0),
    { code: "None", display: `${instructions.endCtx}(None)` },
  ];
  return { name, lines, nodes, dialect: "text" };
}

/** Lines for the parts of a text; their nodes are added to `nodes`. */
export function compileParts(
  parts: readonly (TextNode | CodeNode)[],
  nodes: TemplateNode[],
  parent: number,
): Line[] {
  const lines: Line[] = [];
  for (const part of parts) {
    if (part.kind === "text") {
      nodes.push({ node: part, parent });
      lines.push({
        code: `${instructions.startNode}(${nodes.length - 1})`,
        position: part.position,
        content: part.text.split("\n", 1)[0]!,
      });
      continue;
    }
    const { code, prints } = codeOf(part);
    const texts = code.split("\n");
    const contents = part.content.split("\n");
    const file = part.position.file;
    if (prints) {
      nodes.push({ node: { kind: "text", text: "", position: part.position }, parent });
      const tag = nodes.length - 1;
      lines.push({
        code: `${instructions.startNode}(${tag})`,
        position: part.position,
        content: part.content,
      });
      texts[0] = `${instructions.setNode}(${tag}, (${texts[0]!.trimStart()}`;
      texts[texts.length - 1] += "))";
    }
    texts.forEach((text, i) => {
      const first = i === 0 && !prints ? text.trimStart() : text;
      lines.push({
        code: first,
        position: new Position(file, part.position.line + i),
        content: contents[i] ?? "",
      });
    });
  }
  return lines;
}
