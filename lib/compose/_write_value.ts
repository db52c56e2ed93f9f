/** An expression that is written as it is. */
export interface Code {
  /** The expression. */
  readonly code: string;
}

/** Marks a text as an expression. */
export function code(text: string): Code {
  return { code: text };
}

const WIDTH = 100;

/**
 * Writes plain data as TypeScript in the way of `deno fmt`: what fits stays on one line.
 *
 * @param value Plain data.
 * @param indent Spaces before the line that it begins on.
 * @param text Gives a text as an expression instead of a literal.
 * @param open Whether an object is broken into lines in any case.
 */
export function writeValue(
  value: unknown,
  indent: number,
  text: (value: string) => Code | undefined,
  open = false,
): string {
  const whole = open ? undefined : inline(value, text);
  if (whole !== undefined && indent + whole.length < WIDTH - 30) return whole;
  const inner = " ".repeat(indent + 2);
  const outer = " ".repeat(indent);
  if (Array.isArray(value) && value.length > 0) {
    const items = value.map((item) => `${inner}${writeValue(item, indent + 2, text)},\n`);
    return `[\n${items.join("")}${outer}]`;
  }
  if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
    const fields = Object.entries(value).map(([name, one]) =>
      `${inner}${key(name)}: ${writeValue(one, indent + 2, text)},\n`
    );
    return `{\n${fields.join("")}${outer}}`;
  }
  return whole ?? inline(value, text);
}

function inline(value: unknown, text: (value: string) => Code | undefined): string {
  if (typeof value === "string") return text(value)?.code ?? JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => inline(item, text)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const fields = Object.entries(value).map(([name, one]) => `${key(name)}: ${inline(one, text)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

function key(name: string): string {
  return /^[a-zA-Z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
