import {
  Builtin,
  Dict,
  evalExpression,
  isCallable,
  isInt,
  iterate,
  length,
  List,
  Module,
  numberToInt,
  repr,
  StarlarkFloat,
  Struct,
  Thread,
  Tuple,
  typeOf,
  type Value,
} from "../starlark/mod.ts";
import { asString, limitOf, members } from "./_builtin.ts";
import type { LibraryHooks } from "./hooks.ts";
import { yamlModule } from "./yaml.ts";

/** What `assert.min(1)` and the like return: a rule whose `check(value)` fails or returns True. */
export class Assertion extends Struct {
  /** The text after `Unable to convert value: ` when one ends up in YAML. */
  readonly conversionError: string =
    "@ytt:assert.assertion does not encode (did you mean to call check()?)";
  /** The rule as a function. */
  readonly check: Value;

  /** A rule. */
  constructor(check: Value) {
    super(new Map([["check", check]]), "@ytt:assert.assertion");
    this.check = check;
  }
}

/** The rules, for `#@schema/validation min=1` and the like. */
export interface Assertions {
  readonly min: (limit: Value) => Assertion;
  readonly max: (limit: Value) => Assertion;
  readonly minLen: (limit: Value) => Assertion;
  readonly maxLen: (limit: Value) => Assertion;
  readonly notNull: () => Assertion;
  /** `undefined`: all keys of the map. */
  readonly oneNotNull: (keys: Value | undefined) => Assertion;
  readonly oneOf: (allowed: Value) => Assertion;
}

/** Makes the rules. Their source is Starlark, because ytt's error messages show its frames. */
export function assertions(hooks: LibraryHooks): Assertions {
  const yaml = new Module("yaml", yamlModule(hooks));
  const rule = (name: string, source: string, env: Record<string, Value>): Assertion =>
    new Assertion(evalExpression(source, name, new Thread(), { yaml, ...env }));
  const again = (name: string): string => `yaml.decode(yaml.encode(${name}))`;
  return {
    min: (limit) =>
      rule(
        "assert.min",
        `lambda val: ${again("val")} >= ${again("min")} or fail("value < {}".format(${
          again("min")
        }))`,
        { min: limit },
      ),
    max: (limit) =>
      rule(
        "assert.max",
        `lambda val: ${again("val")} <= ${again("max")} or fail("value > {}".format(${
          again("max")
        }))`,
        { max: limit },
      ),
    minLen: (limit) =>
      rule(
        "assert.min_len",
        `lambda sequence: len(sequence) >= limit or fail("length = {}".format(len(sequence)))`,
        { limit: asLength(limit) },
      ),
    maxLen: (limit) =>
      rule(
        "assert.max_len",
        `lambda sequence: len(sequence) <= limit or fail("length = {}".format(len(sequence)))`,
        { limit: asLength(limit) },
      ),
    notNull: () =>
      rule("assert.not_null", `lambda value: value != None or fail("value is null")`, {}),
    oneNotNull: (keys) => new Assertion(oneNotNull(hooks, keys)),
    oneOf: (allowed) =>
      rule(
        "assert.one_of",
        `lambda val: ${again("val")} in ${again("allowed")} or fail("not one of allowed values")`,
        { allowed },
      ),
  };
}

function asLength(value: Value): Value {
  if (!isInt(value) && !(value instanceof StarlarkFloat)) {
    throw new Error(`expected value to be an number, but was ${typeOf(value)}`);
  }
  return numberToInt(value);
}

/** Exactly one of the keys, or of all keys of the map, has a value that is not null. */
function oneNotNull(hooks: LibraryHooks, keys: Value | undefined): Value {
  const again = (value: Value): Value => hooks.decodeYaml(hooks.encodeYaml(value));
  return new Builtin("assert.one_not_null", (_thread, args) => {
    if (args.length !== 1) throw new Error(`check: got ${args.length} arguments, want 1`);
    const map = again(args[0]!);
    if (!(map instanceof Dict)) {
      throw new Error(`check: value must be a map or dict, but was '${typeOf(map)}'`);
    }
    const wanted = keys === undefined ? map.keys() : Array.from(iterate(keys) ?? [], again);
    const given = wanted.filter((key) => (map.get(key) ?? null) !== null);
    if (given.length === 1) return true;
    if (given.length > 1) throw new Error(`check: ${repr(new List(given))} are not null`);
    throw new Error(map.size === 0 ? "check: value is empty" : "check: all values are null");
  });
}

function count(args: readonly Value[], wanted: number): void {
  if (args.length !== wanted) {
    throw new Error(`got ${args.length} arguments, want ${wanted}`);
  }
}

/** `@ytt:assert`. */
export function assertModule(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  const rules = assertions(hooks);
  const one = (make: (limit: Value) => Assertion) => (_thread: unknown, args: readonly Value[]) => {
    count(args, 1);
    return make(args[0]!);
  };
  return members("assert", {
    equals: (_thread, args) => equals(hooks, args),
    fail: (_thread, args) => {
      count(args, 1);
      throw new Error(`fail: ${asString(args[0]!, hooks)}`);
    },
    try_to: (thread, args) => {
      count(args, 1);
      const [action] = args as [Value];
      if (!isCallable(action)) {
        throw new Error(
          `expected argument to be a function, but was ${hooks.goType(action)}`,
        );
      }
      try {
        return new Tuple([thread.call(action, []), null]);
      } catch (error) {
        // A template cannot go on after the limits that its host has set.
        if (limitOf(error) !== undefined || !(error instanceof Error)) throw error;
        return new Tuple([null, error.message]);
      }
    },
    min: one(rules.min),
    min_len: one(rules.minLen),
    max: one(rules.max),
    max_len: one(rules.maxLen),
    not_null: (thread, args) => {
      if (args.length > 1) {
        throw new Error(`got ${args.length} arguments, want at most 1`);
      }
      const rule = rules.notNull();
      return args.length === 0 ? rule : thread.call(rule.check, args);
    },
    one_not_null: (_thread, args) => {
      if (args.length > 1) throw new Error(`got ${args.length} arguments, want 1`);
      const [keys] = args;
      if (keys === undefined || keys === true) return rules.oneNotNull(undefined);
      if (keys === false) throw new Error("one_not_null() cannot be False");
      return rules.oneNotNull(asSequence(keys, "expected a sequence of keys"));
    },
    one_of: (_thread, args) => {
      if (args.length === 0) throw new Error("got 0 arguments, want at least 1");
      const allowed = args.length === 1 ? args[0]! : new Tuple(args);
      return rules.oneOf(asSequence(allowed, "expected a sequence"));
    },
  });
}

function asSequence(value: Value, expected: string): Value {
  if (typeof value === "string" || iterate(value) === undefined || length(value) < 0) {
    throw new Error(`${expected}, but was a '${typeOf(value)}'`);
  }
  return value;
}

function equals(hooks: LibraryHooks, args: readonly Value[]): Value {
  count(args, 2);
  const [expected, actual] = args as [Value, Value];
  for (const value of args) {
    if (isCallable(value)) {
      throw new Error(
        `expected argument not to be a function, but was ${hooks.goType(value)}`,
      );
    }
  }
  const wanted = hooks.encodeYaml(expected);
  const given = hooks.encodeYaml(actual);
  if (wanted === given) return null;
  throw new Error(
    `Not equal:\n(expected type: ${typeOf(expected)})\n${wanted}\n\n` +
      `(was type: ${typeOf(actual)})\n${given}`,
  );
}
