/**
 * Writes JSON in one line as Python does, which is what scripts for the original have seen: keys
 * sorted, a space after `,` and `:`, nothing but ASCII.
 *
 * @param value JSON-like data.
 */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
    return `{${entries.map(([key, item]) => `${text(key)}: ${pythonJson(item)}`).join(", ")}}`;
  }
  return typeof value === "string" ? text(value) : JSON.stringify(value);
}

function text(value: string): string {
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
