import type { Kwargs, Value } from "./values.ts";
import { quote } from "./_quote.ts";
import { repr, str } from "./_repr.ts";

/** `"…".format(…)`, with starlark-go's subset of replacement fields. */
export function format(text: string, args: readonly Value[], kwargs: Kwargs): string {
  let out = "";
  let mode: "auto" | "manual" | undefined;
  let index = 0;
  let rest = text;
  for (;;) {
    const open = rest.indexOf("{");
    out += literal(open < 0 ? rest : rest.slice(0, open));
    if (open < 0) return out;
    if (rest[open + 1] === "{") {
      out += "{";
      rest = rest.slice(open + 2);
      continue;
    }
    rest = rest.slice(open + 1);
    const close = rest.indexOf("}");
    if (close < 0) throw new Error("format: unmatched '{' in format");
    const { name, conversion, spec } = field(rest.slice(0, close));
    rest = rest.slice(close + 1);
    let arg: Value | undefined;
    if (name === "" || /^[0-9]+$/.test(name)) {
      const wanted = name === "" ? "auto" : "manual";
      if (mode !== undefined && mode !== wanted) {
        throw new Error(
          wanted === "auto"
            ? "format: cannot switch from manual field specification to automatic field numbering"
            : "format: cannot switch from automatic field numbering to manual field specification",
        );
      }
      mode = wanted;
      arg = args[name === "" ? index++ : Number(name)];
      if (arg === undefined) throw new Error("format: tuple index out of range");
    } else arg = keyword(name, kwargs);
    if (spec !== "") {
      throw new Error(`format spec features not supported in replacement fields: ${spec}`);
    }
    if (conversion !== "s" && conversion !== "r") {
      throw new Error(`format: unknown conversion ${quote(conversion)}`);
    }
    out += conversion === "s" ? str(arg) : repr(arg);
  }
}

/** Text outside of fields, where `}` must be doubled. */
function literal(text: string): string {
  if (!text.includes("}")) return text;
  if (text.replaceAll("}}", "").includes("}")) {
    throw new Error("format: single '}' in format");
  }
  return text.replaceAll("}}", "}");
}

function field(text: string): { name: string; conversion: string; spec: string } {
  const bang = text.indexOf("!");
  const tail = bang < 0 ? text : text.slice(bang + 1);
  const colon = tail.indexOf(":");
  const head = colon < 0 ? tail : tail.slice(0, colon);
  const spec = colon < 0 ? "" : tail.slice(colon + 1);
  return bang < 0
    ? { name: head, conversion: "s", spec }
    : { name: text.slice(0, bang), conversion: head, spec };
}

function keyword(name: string, kwargs: Kwargs): Value {
  for (const [key, value] of kwargs) if (key === name) return value;
  if (name.includes(".")) {
    throw new Error(
      `format: attribute syntax x.y is not supported in replacement fields: ${name}`,
    );
  }
  if (name.includes("[")) {
    throw new Error(
      `format: element syntax a[i] is not supported in replacement fields: ${name}`,
    );
  }
  if (name.includes("{")) {
    throw new Error("format: nested replacement fields not supported");
  }
  throw new Error(`format: keyword ${name} not found`);
}
