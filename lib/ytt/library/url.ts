import { compare, Dict, List, StarlarkFloat, Struct, Tuple, type Value } from "../starlark/mod.ts";
import { asString, builtin, members, noArgument, onlyArgument } from "./_builtin.ts";
import { type GoUrl, hostname, parseGoUrl, showUrl, showUser } from "./_go_url.ts";
import type { LibraryHooks } from "./hooks.ts";
import { escapeUrl, unescapeUrl, type UrlPart } from "./_percent.ts";
import { sortedEntries } from "./_sorted.ts";

/** `@ytt:url`. */
export function urlModule(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  const encode = (part: UrlPart) => (_thread: unknown, args: readonly Value[]) =>
    escapeUrl(asString(onlyArgument(args), hooks), part);
  const decode = (part: UrlPart) => (_thread: unknown, args: readonly Value[]) =>
    unescapeUrl(asString(onlyArgument(args), hooks), part);
  return members("url", {
    path_segment_encode: encode("segment"),
    path_segment_decode: decode("segment"),
    query_param_value_encode: encode("query"),
    query_param_value_decode: decode("query"),
    query_params_encode: (_thread, args) => encodeParams(hooks, onlyArgument(args)),
    query_params_decode: (_thread, args) => decodeParams(asString(onlyArgument(args), hooks)),
    parse: (_thread, args) =>
      new UrlValue(parseGoUrl(asString(onlyArgument(args), hooks)), "url.value"),
  });
}

function encodeParams(hooks: LibraryHooks, value: Value): string {
  const params = hooks.plain(value);
  if (!(params instanceof Dict)) {
    throw new Error(`expected argument to be a map, but was ${goDataType(params)}`);
  }
  const parts: string[] = [];
  for (const [key, values] of sortedEntries(params)) {
    if (!(values instanceof List || values instanceof Tuple)) {
      throw new Error(`expected map value to be array, but was ${goDataType(values)}`);
    }
    for (const item of values.items) {
      if (typeof item !== "string") {
        throw new Error(`expected array value to be string, but was ${goDataType(item)}`);
      }
      parts.push(`${escapeUrl(key, "query")}=${escapeUrl(item, "query")}`);
    }
  }
  return parts.join("&");
}

/** The name that Go's `%T` prints for plain data. */
function goDataType(value: Value): string {
  if (value === null) return "<nil>";
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "object":
      if (value instanceof StarlarkFloat) return "float64";
      return value instanceof Dict ? "*orderedmap.Map" : "[]interface {}";
    default:
      return "int64";
  }
}

/** As Go did until 1.17: `;` separates too. */
function decodeParams(query: string): Value {
  const params = new Map<string, List>();
  for (const part of query.split(/[&;]/)) {
    if (part === "") continue;
    const at = part.indexOf("=");
    const key = unescapeUrl(at < 0 ? part : part.slice(0, at), "query");
    const value = unescapeUrl(at < 0 ? "" : part.slice(at + 1), "query");
    const list = params.get(key) ?? new List();
    list.items.push(value);
    params.set(key, list);
  }
  return Dict.from([...params].sort(([a], [b]) => compare("<", a, b) ? -1 : 1));
}

/** A parsed URL, or (`url.user`) the user in it; neither ends up in YAML by accident. */
class UrlValue extends Struct {
  readonly conversionHint = "use .string()";

  constructor(url: GoUrl, type: "url.value" | "url.user") {
    super(type === "url.value" ? urlFields(url) : userFields(url), `@ytt:${type}`);
  }
}

function method(name: string, result: () => Value): Value {
  return builtin(name, (_thread, args) => {
    noArgument(args);
    return result();
  });
}

function urlFields(url: GoUrl): Map<string, Value> {
  return new Map<string, Value>([
    ["user", url.user === undefined ? null : new UrlValue(url, "url.user")],
    [
      "without_user",
      method("url.value.without_user", () => {
        return new UrlValue({ ...url, user: undefined }, "url.value");
      }),
    ],
    ["string", method("url.value.string", () => showUrl(url))],
    ["hostname", method("url.value.hostname", () => hostname(url))],
  ]);
}

function userFields({ user }: GoUrl): Map<string, Value> {
  return new Map<string, Value>([
    ["name", user!.name],
    ["password", user!.password ?? null],
    ["string", method("string", () => showUser(user!))],
  ]);
}
