/**
 * Shows a value as Python does, which is how messages about configurations have always shown it.
 *
 * @param value Plain data.
 */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  if (typeof value === "object") {
    const items = Object.entries(value).map(([key, item]) => `${quoted(key)}: ${pythonRepr(item)}`);
    return `{${items.join(", ")}}`;
  }
  return String(value);
}

const NAMED: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  // deno-lint-ignore no-control-regex -- they are what is escaped
  const body = text.replace(/[\\\x00-\x1f\x7f-\xa0\xad]|'/g, (character) => {
    if (character === "'") return quote === "'" ? "\\'" : "'";
    return NAMED[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return quote + body + quote;
}
