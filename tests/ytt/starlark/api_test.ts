import assert from "node:assert/strict";
import {
  Builtin,
  call,
  compile,
  Dict,
  evalExpression,
  exec,
  freeze,
  fromJs,
  List,
  Module,
  parse,
  repr,
  StarlarkError,
  StarlarkFloat,
  StarlarkSet,
  StarlarkSyntaxError,
  StarlarkValue,
  Struct,
  Thread,
  type Value,
} from "../../../lib/ytt/starlark/mod.ts";

function run(source: string, predeclared: Record<string, Value> = {}): Map<string, Value> {
  const program = compile(parse(source, "t.star"), (name) => Object.hasOwn(predeclared, name));
  return exec(program, new Thread(), predeclared);
}

Deno.test("exec() returns the globals in order of first assignment", () => {
  assert.deepEqual([...run("b = 1\na = 2\nb = 3")], [["b", 3], ["a", 2]]);
});

Deno.test("a program can run more than once, each time with globals of its own", () => {
  const program = compile(parse("x = []\nx.append(n)", "t.star"), (name) => name === "n");
  const first = exec(program, new Thread(), { n: 1 });
  const second = exec(program, new Thread(), new Map([["n", 2]]));
  assert.equal(repr(first.get("x")!), "[1]");
  assert.equal(repr(second.get("x")!), "[2]");
});

Deno.test("call() calls functions that a program left behind", () => {
  const add = run("n = 10\ndef add(a, b=1): return a + b + n").get("add")!;
  assert.equal(call(new Thread(), add, [1]), 12);
  assert.equal(call(new Thread(), add, [1], [["b", 5]]), 16);
  assert.throws(() => call(new Thread(), 1, []), StarlarkError);
});

Deno.test("an error carries the frames, innermost first, with the host's own error as cause", () => {
  const cause = new TypeError("no");
  const host = new Builtin("host.fail", () => {
    throw cause;
  });
  const source = "def f():\n  return host()\nend\nf()\n";
  assert.throws(() => run(source, { host }), (error: Error) => {
    assert.ok(error instanceof StarlarkError);
    assert.equal(error.message, "no");
    assert.equal(error.cause, cause);
    assert.deepEqual(
      error.callStack.map(({ name, builtin, position }) => [name, builtin, position.line]),
      [["host.fail", true, 0], ["f", false, 2], ["<toplevel>", false, 4]],
    );
    return true;
  });
});

Deno.test("the frame of a function whose arguments do not fit shows its first operation", () => {
  const source = "def f(a):\n\n  host(1)\nend\nf()\n";
  const host = new Builtin("host", () => null);
  assert.throws(() => run(source, { host }), (error: Error) => {
    const { callStack } = error as StarlarkError;
    assert.deepEqual(callStack.map(({ position }) => position.line), [3, 5]);
    return true;
  });
});

Deno.test("a host function that calls back and fails keeps the inner stack", () => {
  const twice = new Builtin("twice", (thread, [fn]) => {
    thread.call(fn!, []);
    return thread.call(fn!, []);
  });
  assert.throws(() => run("twice(lambda: 1 + None)", { twice }), (error: Error) => {
    const names = (error as StarlarkError).callStack.map(({ name }) => name);
    assert.deepEqual(names, ["lambda", "<toplevel>"]);
    return true;
  });
});

Deno.test("compile() reports every unresolved name, parse() the first mistake", () => {
  assert.throws(() => run("a\nb\n"), (error: Error) => {
    assert.ok(error instanceof StarlarkSyntaxError);
    assert.equal(error.phase, "resolve");
    assert.deepEqual(
      error.errors.map(({ message, position }) => [message, position.line, position.column]),
      [["undefined: a", 1, 1], ["undefined: b", 2, 1]],
    );
    return true;
  });
  assert.throws(() => parse("x = = 1\ny = = 2", "t.star"), (error: Error) => {
    assert.equal((error as StarlarkSyntaxError).phase, "parse");
    assert.equal((error as StarlarkSyntaxError).errors.length, 1);
    return true;
  });
});

Deno.test("evalExpression() evaluates in an environment", () => {
  assert.equal(evalExpression("[x, y][-1] + 1", "e", new Thread(), { x: 1, y: 2 }), 3);
  assert.throws(() => evalExpression("x y", "e", new Thread(), { x: 1 }), StarlarkSyntaxError);
});

Deno.test("frozen values reject changes, everywhere that they reach", () => {
  const globals = run('inner = [1]\nouter = {"a": (inner, set([2]))}\ndef f(d=inner): return d');
  freeze([globals.get("outer")!, globals.get("f")!]);
  const program = (statement: string) => () => run(statement, Object.fromEntries(globals));
  assert.throws(program("inner.append(2)"), /cannot append to frozen list/);
  assert.throws(program('outer["b"] = 1'), /cannot insert into frozen hash table/);
  assert.throws(program("f().append(1)"), /cannot append to frozen list/);
  assert.throws(program("inner[0] = 2"), /cannot assign to element of frozen list/);
});

class Point extends StarlarkValue {
  constructor(public x: number, readonly log: string[] = []) {
    super();
  }
  override type(): string {
    return "point";
  }
  override repr(): string {
    return `point(${this.x})`;
  }
  override attr(name: string): Value | undefined {
    return name === "x" ? this.x : undefined;
  }
  override attrNames(): string[] {
    return ["x"];
  }
  override setAttr(name: string, value: Value): void {
    if (name !== "x") throw new Error(`no ${name}`);
    this.x = value as number;
  }
  override get(key: Value): Value | undefined {
    return key === "x" ? this.x : undefined;
  }
  override setKey(key: Value, value: Value): void {
    this.setAttr(String(key), value);
  }
  override entries(): Iterable<readonly [Value, Value]> {
    return [["x", this.x]];
  }
  override iterate(): Iterable<Value> {
    return ["x"];
  }
  override length(): number {
    return 1;
  }
  override binary(op: string, other: Value, side: string): Value | undefined {
    return op === "+" && typeof other === "number"
      ? new Point(side === "left" ? this.x + other : other - this.x)
      : undefined;
  }
  override call(_thread: unknown, args: readonly Value[]): Value {
    return this.x * (args[0] as number);
  }
}

Deno.test("host values take part in every operation that they define", () => {
  const globals = run(
    `
p.x += 1
p["x"] = p["x"] * 2
def kw(**k): return k
r = [p.x, len(p), list(p), dict(p), kw(**p), "x" in p, "y" in p, p(3), hasattr(p, "y")]
s = [str(p + 1), str(1 + p), type(p), bool(p), p == p, [k for k in p], "%(x)s" % p]
`,
    { p: new Point(4) },
  );
  assert.equal(
    repr(globals.get("r")!),
    '[10, 1, ["x"], {"x": 10}, {"x": 10}, True, False, 30, False]',
  );
  assert.equal(
    repr(globals.get("s")!),
    '["point(11)", "point(-9)", "point", True, True, ["x"], "10"]',
  );
  const p = new Point(1);
  assert.throws(() => run("p.y", { p }), /point has no \.y field or method/);
  assert.throws(() => run('p["y"]', { p }), /key "y" not in point/);
  assert.throws(() => run("p - 1", { p }), /unknown binary op: point - int/);
  assert.throws(() => run("{p: 1}", { p }), /unhashable type: point/);
  assert.throws(() => run("p < p", { p }), /point < point not implemented/);
  assert.throws(() => run("p[1:2]", { p }), /invalid slice operand point/);
});

Deno.test("structs and modules give out their members", () => {
  const s = new Struct(new Map<string, Value>([["a", 1], ["b", new List([2])]]));
  const m = new Module("m", new Map([["f", 1]]));
  const globals = run("r = [s.a, s.b[0], hasattr(s, 'c'), dir(s), str(m), m.f, len(s)]", { s, m });
  assert.equal(
    repr(globals.get("r")!),
    '[1, 2, False, ["a", "b"], "<module \\"m\\">", 1, 2]',
  );
});

Deno.test("fromJs() makes values of plain data", () => {
  const value = fromJs({ a: [1, 1.5, "x", null, true, 2n ** 70n], b: new Map([[1, "k"]]) });
  assert.equal(
    repr(value),
    '{"a": [1, 1.5, "x", None, True, 1180591620717411303424], "b": {1: "k"}}',
  );
  assert.throws(() => fromJs(Symbol("x")), TypeError);
});

Deno.test("keys are equal when values are, whatever their representation", () => {
  const dict = new Dict();
  dict.set(1, "int");
  dict.set(new StarlarkFloat(1), "float");
  dict.set(true, "bool");
  dict.set(2n ** 64n, "big");
  assert.equal(dict.get(new StarlarkFloat(2 ** 64)), "big");
  assert.equal(dict.size, 3);
  const set = StarlarkSet.from(["1", 1, null, "None"]);
  assert.equal(set.size, 4);
});
