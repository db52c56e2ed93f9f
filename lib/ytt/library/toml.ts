import { Dict, List, StarlarkFloat, toInt, type Value } from "../starlark/mod.ts";
import { asString, checkNames, intArgument, members, onlyArgument } from "./_builtin.ts";
import type { LibraryHooks } from "./hooks.ts";
import { loadedToml } from "./preload.ts";
import { sortedEntries } from "./_sorted.ts";
import { writeToml } from "./_toml_writer.ts";

/** `@ytt:toml`. */
export function tomlModule(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  return members("toml", {
    encode: (thread, args, kwargs) => {
      const value = onlyArgument(args);
      checkNames(kwargs, ["indent"]);
      const indent = intArgument(kwargs, "indent");
      if (indent > 1000) throw new Error("indent value is too large");
      const text = writeToml(hooks.plain(value), indent > 0 ? " ".repeat(indent) : "  ");
      if (text.length > 256) thread.allocate(text.length);
      return text;
    },
    decode: (thread, args) => {
      const text = asString(onlyArgument(args), hooks);
      thread.allocate(text.length * 16);
      return decode(text);
    },
  });
}

function decode(text: string): Value {
  const { parse, TomlDate } = loadedToml();
  const convert = (data: unknown): Value => {
    if (typeof data === "string" || typeof data === "boolean") return data;
    // With bigints for integers, what is left as number is a float.
    if (typeof data === "bigint") return toInt(data);
    if (typeof data === "number") return new StarlarkFloat(data);
    if (Array.isArray(data)) return new List(data.map(convert));
    if (data instanceof TomlDate) {
      throw new Error("unknown type time.Time for conversion to starlark value");
    }
    const entries = Object.entries(data as Record<string, unknown>);
    const dict = Dict.from(entries.map(([key, item]): [Value, Value] => [key, convert(item)]));
    return Dict.from(sortedEntries(dict));
  };
  let data: unknown;
  try {
    data = parse(text, { integersAsBigInt: true });
  } catch (error) {
    const { message, line } = error as Error & { line?: number };
    const [first = ""] = message.split("\n");
    throw new Error(
      `toml: line ${line ?? 1}: ${first.replace("Invalid TOML document: ", "")}`,
    );
  }
  return convert(data);
}
