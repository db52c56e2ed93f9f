import {
  Dict,
  formatNumber,
  isInt,
  List,
  StarlarkFloat,
  Tuple,
  typeOf,
  type Value,
} from "../starlark/mod.ts";
import { sortedEntries } from "./_sorted.ts";

/** Writes a dict as BurntSushi/toml does: plain values first, then tables, each sorted by key. */
export function writeToml(value: Value, indent: string): string {
  if (!(value instanceof Dict)) {
    throw new Error("toml: top-level values must be Go maps or structs");
  }
  const writer = new TomlWriter(indent);
  writer.table([], value);
  return writer.out;
}

class TomlWriter {
  out = "";
  readonly #indent: string;

  constructor(indent: string) {
    this.#indent = indent;
  }

  /** An empty line, unless it would be the first one. */
  #gap(): void {
    if (this.out !== "") this.out += "\n";
  }

  #margin(key: readonly string[]): string {
    return this.#indent.repeat(Math.max(key.length - 1, 0));
  }

  /** The contents of a table. */
  table(key: readonly string[], dict: Dict): void {
    const entries = sortedEntries(dict).filter(([, value]) => value !== null);
    for (const [name, value] of entries) {
      if (value instanceof Dict || isTableArray(value)) continue;
      const path = [...key, name];
      this.out += `${this.#margin(path)}${tomlKey(name)} = ${inline(value)}\n`;
    }
    for (const [name, value] of entries) {
      const path = [...key, name];
      if (value instanceof Dict) this.#header(path, value, path.length === 1, "[", "]");
      else if (isTableArray(value)) {
        for (const item of value.items) {
          this.#header(path, item as Dict, true, "[[", "]]");
        }
      }
    }
  }

  #header(
    path: readonly string[],
    dict: Dict,
    gap: boolean,
    open: string,
    close: string,
  ): void {
    if (gap) this.#gap();
    this.out += `${this.#margin(path)}${open}${path.map(tomlKey).join(".")}${close}\n`;
    this.table(path, dict);
  }
}

function isTableArray(value: Value): value is List | Tuple {
  return (value instanceof List || value instanceof Tuple) && value.items.length > 0 &&
    value.items.every((item) => item instanceof Dict);
}

/** A key, in quotes where it needs them. */
function tomlKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : quoteToml(name);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

// deno-lint-ignore no-control-regex -- these are what TOML wants escaped
const SPECIAL = /["\\\x00-\x1f\x7f]/g;

function quoteToml(text: string): string {
  const escape = (char: string): string =>
    ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `"${text.replace(SPECIAL, escape)}"`;
}

function inline(value: Value): string {
  if (typeof value === "string") return quoteToml(value);
  if (typeof value === "boolean" || isInt(value)) return String(value);
  if (value instanceof StarlarkFloat) return float(value.value);
  if (value instanceof List || value instanceof Tuple) {
    return `[${value.items.map(inline).join(", ")}]`;
  }
  if (value instanceof Dict) {
    const entries = sortedEntries(value).filter(([, item]) => item !== null);
    return `{${entries.map(([name, item]) => `${tomlKey(name)} = ${inline(item)}`).join(", ")}}`;
  }
  if (value === null) throw new Error("toml: cannot encode array with nil element");
  throw new Error(`unsupported type for TOML: ${typeOf(value)}`);
}

function float(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "+inf";
  const text = formatNumber(value, "f", -1);
  return text.includes(".") ? text : `${text}.0`;
}
