/** A value as validation rules see it: a fragment whose keys can be written as attributes too. */
import type { Value } from "../starlark/values.ts";
import { fromYaml, YamlFragment } from "../template/fragment.ts";
import { YamlMap, type YamlValue } from "../yaml/nodes.ts";

class ValidatedFragment extends YamlFragment {
  override attr(name: string): Value | undefined {
    return this.data instanceof YamlMap ? this.get(name) : undefined;
  }

  override attrNames(): string[] {
    return this.data instanceof YamlMap ? this.data.items.map((item) => String(item.key)) : [];
  }

  override index(i: number): Value {
    return wrapped(super.index(i));
  }

  override get(key: Value): Value | undefined {
    const value = super.get(key);
    return value === undefined ? undefined : wrapped(value);
  }

  override entries(): Iterable<readonly [Value, Value]> {
    return [...super.entries()].map(([key, value]) => [key, wrapped(value)] as const);
  }

  override iterate(): Iterable<Value> {
    return [...super.iterate()].map(wrapped);
  }
}

function wrapped(value: Value): Value {
  return value instanceof YamlFragment ? new ValidatedFragment(value.data) : value;
}

/** Wraps a value for a rule. */
export function validatedValue(value: YamlValue): Value {
  return wrapped(fromYaml(value));
}
