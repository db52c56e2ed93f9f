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
  return write(value, { indent, before: 0, name: "" }, text, open);
}

/** Where a value stands. */
interface Spot {
  /** Spaces before its line. */
  readonly indent: number;
  /** Letters before it on its line, after those. */
  readonly before: number;
  /** Its key. */
  readonly name: string;
}

type Text = (value: string) => Code | undefined;

function write(value: unknown, spot: Spot, text: Text, open: boolean): string {
  const { indent, before } = spot;
  const whole = inline(value, spot.name, text);
  // The comma after it counts too.
  if (!open && indent + before + whole.length + 1 <= WIDTH) return whole;
  const inner = " ".repeat(indent + 2);
  const outer = " ".repeat(indent);
  if (Array.isArray(value) && value.length > 0) {
    const below = { indent: indent + 2, before: 0, name: "" };
    const items = value.map((item) => `${inner}${write(item, below, text, false)},\n`);
    return `[\n${items.join("")}${outer}]`;
  }
  if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
    const fields = Object.entries(value).map(([name, one]) => {
      const below = { indent: indent + 2, before: key(name).length + 2, name };
      return `${inner}${key(name)}: ${write(one, below, text, false)},\n`;
    });
    return `{\n${fields.join("")}${outer}}`;
  }
  return whole;
}

function inline(value: unknown, name: string, text: Text): string {
  if (typeof value === "string") return text(value)?.code ?? quoted(value);
  // Permission bits are read in octal digits.
  if (typeof value === "number" && name === "mode") return `0o${value.toString(8)}`;
  if (Array.isArray(value)) return `[${value.map((item) => inline(item, "", text)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const fields = Object.entries(value)
    .map(([name, one]) => `${key(name)}: ${inline(one, name, text)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

/** Writes a text with the quotes that need fewer backslashes. */
export function quoted(value: string): string {
  const literal = JSON.stringify(value);
  if (value.split('"').length <= value.split("'").length) return literal;
  return `'${literal.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function key(name: string): string {
  return /^[a-zA-Z_$][\w$]*$/.test(name) ? name : quoted(name);
}
