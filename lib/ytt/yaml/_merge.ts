/** Merge keys. */
import { YamlError } from "./error.ts";
import { type MapItem, YamlArray, YamlMap, type YamlValue } from "./nodes.ts";
import { Style, T, type Token } from "./_tokens.ts";

/** A `<<` that was found in a map. */
export interface Merge {
  readonly index: number;
  readonly value: YamlValue;
  readonly token: Token;
}

/** Whether a key is a merge key. */
export function isMergeKey(token: Token): boolean {
  return token.t === T.Scalar && token.style === Style.Plain && token.value === "<<";
}

/** Puts what `<<` refers to in its place; written keys win, and so do earlier maps of a list. */
export function merged(map: YamlMap, merges: readonly Merge[]): YamlMap {
  if (merges.length === 0) return map;
  const taken = new Set<unknown>(map.items.map((item) => item.key));
  const items = [...map.items];
  let shift = 0;
  for (const { index, value, token } of merges) {
    const sources = value instanceof YamlArray ? value.items.map((item) => item.value) : [value];
    const added: MapItem[] = [];
    for (const source of sources) {
      if (!(source instanceof YamlMap)) {
        throw new YamlError(
          "map merge requires map or sequence of maps as the value",
          token.line + 1,
        );
      }
      for (const item of source.items) {
        if (taken.has(item.key)) continue;
        taken.add(item.key);
        added.push(item.copy());
      }
    }
    items.splice(index + shift, 0, ...added);
    shift += added.length;
  }
  map.items = items;
  return map;
}
