/** What a function with a YAML body returns: a map, an array or documents as a Starlark value. */
import { StarlarkValue, type Value } from "../starlark/values.ts";
import { type DocumentSet, YamlArray, YamlMap, YamlNode, type YamlValue } from "../yaml/nodes.ts";

/** Index, `in`, iteration, `len` and truth, but no methods. */
export class YamlFragment extends StarlarkValue {
  constructor(readonly data: YamlMap | YamlArray | DocumentSet | null) {
    super();
  }

  override type(): string {
    return "yamlfragment";
  }

  override repr(): string {
    const data = this.data;
    const name = data instanceof YamlMap
      ? "*yamlmeta.Map"
      : data instanceof YamlArray
      ? "*yamlmeta.Array"
      : data === null
      ? "<nil>"
      : "*yamlmeta.DocumentSet";
    return `yamlfragment(${name})`;
  }

  override truth(): boolean {
    return this.length() > 0;
  }

  override length(): number {
    return this.data === null ? 0 : this.data.items.length;
  }

  override index(i: number): Value {
    const item = (this.data as YamlArray | DocumentSet).items[i]!;
    return fromYaml(item.value);
  }

  override get(key: Value): Value | undefined {
    const data = this.data;
    if (data === null) return undefined;
    if (data instanceof YamlMap) {
      const item = data.find(key);
      return item === undefined ? undefined : fromYaml(item.value);
    }
    if (typeof key !== "number") {
      throw new Error("expected to find integer index for yamlfragment of an array");
    }
    const length = data.items.length;
    if (key < 0 || key >= length) {
      throw new Error(`index ${key} out of range [0:${length}]`);
    }
    return this.index(key);
  }

  override entries(): Iterable<readonly [Value, Value]> {
    const data = this.data;
    if (data === null) return [];
    if (!(data instanceof YamlMap)) throw new Error("yamlfragment is not a map");
    return data.items.map((item) => [item.key, fromYaml(item.value)] as const);
  }

  override iterate(): Iterable<Value> {
    const data = this.data;
    if (data === null) return [];
    if (data instanceof YamlMap) return data.items.map((item) => item.key);
    return (data.items as { value: YamlValue }[]).map((item) => fromYaml(item.value));
  }

  override contains(needle: Value): boolean {
    const data = this.data;
    if (data === null) return false;
    if (data instanceof YamlMap) return data.find(needle) !== undefined;
    return typeof needle === "number" && needle >= 0 && needle < data.items.length;
  }
}

/** A YAML value as Starlark sees it: scalars as they are, nodes as fragments. */
export function fromYaml(value: YamlValue | YamlNode): Value {
  return value instanceof YamlNode
    ? new YamlFragment(value as YamlMap | YamlArray | DocumentSet)
    : value;
}
