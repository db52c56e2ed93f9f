/** The layout that ytt's command gives to errors on one line. */

/**
 * Breaks a message on one line where one sentence explains another (`…: Document on line …:
 * Expected …`), each one indented deeper. Messages of several lines stay as they are.
 */
export function indentedMessage(text: string): string {
  if (text.includes("\n")) return text;
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "'") quoted = !quoted;
    else if (c === "(") depth++;
    else if (c === ")") depth--;
    else if (c === ":" && depth <= 0 && !quoted && /^: [A-Z]/.test(text.slice(i, i + 3))) {
      parts.push(text.slice(start, i + 1));
      start = i + 2;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part, i) => "  ".repeat(i) + part).join("\n");
}
