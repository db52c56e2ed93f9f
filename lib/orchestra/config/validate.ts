import { pythonRepr } from "./_python_repr.ts";
import type { JsonSchema } from "./schema.ts";

/** One mistake in an expanded configuration. */
export interface Mistake {
  /** Keys and indices from the top. */
  readonly path: readonly (string | number)[];
  /** What is wrong there. */
  readonly message: string;
  /** The key there that it is about, if it is one that should not be there. */
  readonly key?: string;
}

/** A value in a message is not shown longer than this. */
const MAX_SHOWN = 200;

/**
 * Checks a value against a schema.
 *
 * @param value Plain data.
 * @param schema What it must be.
 * @returns All mistakes, in the order of the value; the texts are those of Python's `jsonschema`.
 */
export function validate(value: unknown, schema: JsonSchema): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  check(value, schema, [], mistakes);
  return mistakes;
}

/** Shows where a mistake is: `$.components.a.builds`. */
export function showPath(path: Mistake["path"]): string {
  return path.reduce<string>(
    (text, part) => typeof part === "number" ? `${text}[${part}]` : `${text}.${part}`,
    "$",
  );
}

function check(
  value: unknown,
  schema: JsonSchema,
  path: Mistake["path"],
  mistakes: Mistake[],
): void {
  const mistake = (message: string) => mistakes.push({ path, message });
  if (typeOf(value) !== schema.type) {
    mistake(`${shown(value)} is not of type '${schema.type}'`);
    return;
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items) value.forEach((item, index) => check(item, items, [...path, index], mistakes));
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const { properties = {}, required = [], additionalProperties } = schema;
  for (const name of required) {
    if (!Object.hasOwn(value, name)) mistake(`${pythonRepr(name)} is a required property`);
  }
  const entries = Object.entries(value);
  const extra = entries.map(([key]) => key).filter((key) => !Object.hasOwn(properties, key));
  if (additionalProperties === false && extra.length > 0) {
    const names = extra.toSorted().map(pythonRepr).join(", ");
    const verb = extra.length === 1 ? "was" : "were";
    const message = `Additional properties are not allowed (${names} ${verb} unexpected)`;
    mistakes.push({ path, message, key: extra[0]! });
  }
  const { minProperties = 0, maxProperties = Infinity } = schema;
  if (entries.length < minProperties) mistake(`${shown(value)} does not have enough properties`);
  if (entries.length > maxProperties) mistake(`${shown(value)} has too many properties`);
  for (const [key, item] of entries) {
    const known = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (known) check(item, known, [...path, key], mistakes);
  }
}

function shown(value: unknown): string {
  const text = pythonRepr(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  return typeof value;
}
