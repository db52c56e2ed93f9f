/** The `-o pos` output: every node with the line that it came from. */
import {
  type Document,
  DocumentSet,
  type MapItem,
  showKey,
  YamlArray,
  YamlMap,
  YamlNode,
  type YamlValue,
} from "./nodes.ts";
import { scalarText } from "./emit.ts";

/** One line per node, positions right-aligned in front of ` | `. */
export function printPositions(documents: Iterable<Document>): string {
  const rows: [position: string, text: string][] = [];
  for (const document of documents) {
    if (document.injected || document.isEmpty()) continue;
    rows.push([document.position.known ? document.position.compact() : "", "[doc]"]);
    visit(rows, document.value, "  ");
  }
  const width = Math.max(18, ...rows.map(([position]) => position.length));
  return rows.map(([position, text]) => `${position.padStart(width)} | ${text}\n`).join("");
}

function visit(rows: [string, string][], value: YamlValue, indent: string): void {
  if (value instanceof YamlMap) {
    for (const item of value.items) row(rows, item, `${indent}${showKey(item.key)}:`, indent);
  } else if (value instanceof YamlArray) {
    value.items.forEach((item, i) => row(rows, item, `${indent}[${i}]`, indent));
  } else if (value instanceof DocumentSet) {
    for (const item of value.items) {
      rows.push([item.position.compact(), `${indent}[doc]`]);
      visit(rows, item.value, `${indent}  `);
    }
  } else {
    rows.push(["", indent + scalarText(value, 0)]);
  }
}

function row(
  rows: [string, string][],
  item: MapItem | { value: YamlValue; position: YamlNode["position"] },
  label: string,
  indent: string,
): void {
  const position = item.position.known ? item.position.compact() : "";
  if (item.value instanceof YamlNode) {
    rows.push([position, label]);
    visit(rows, item.value, `${indent}  `);
  } else {
    rows.push([position, `${label} ${scalarText(item.value, indent.length + 2)}`]);
  }
}
