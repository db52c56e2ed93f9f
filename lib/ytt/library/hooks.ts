import type { Value } from "../starlark/mod.ts";

/** What the library needs to know of YAML. */
export interface LibraryHooks {
  /**
   * A value as dicts, lists, tuples and scalars: fragments and structs become dicts and lists,
   * and what has no YAML form throws `Unable to convert value: …`.
   */
  readonly plain: (value: Value) => Value;
  /** `yaml.encode(value)`. */
  readonly encodeYaml: (value: Value) => string;
  /** `yaml.decode(text)`. */
  readonly decodeYaml: (text: string) => Value;
  /** The name that Go's `%T` prints for a value, which is in some messages. */
  readonly goType: (value: Value) => string;
  /** The version that `version.require_at_least` compares with, `major.minor.patch`. */
  readonly version: string;
}
