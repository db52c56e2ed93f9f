/** Programs of strangers: every one ends soon, with a located error of ours. */
import assert from "node:assert/strict";
import {
  compile,
  exec,
  LimitError,
  type Limits,
  parse,
  StarlarkError,
  StarlarkSyntaxError,
  Thread,
} from "../../../lib/ytt/starlark/mod.ts";

function failure(source: string, limits: Limits = {}): StarlarkError {
  try {
    exec(compile(parse(source, "t.star"), () => false), new Thread({ limits }));
  } catch (error) {
    assert.ok(error instanceof StarlarkError, String(error));
    const [innermost] = error.callStack.filter((frame) => !frame.builtin);
    assert.equal(innermost?.position.filename, "t.star");
    assert.ok(innermost.position.line > 0);
    return error;
  }
  throw new Error("the program did not fail");
}

function limitOf(error: StarlarkError): string | undefined {
  return error.cause instanceof LimitError ? error.cause.limit : undefined;
}

const hungry: Record<string, string> = {
  "a loop": "for x in range(1000000000):\nend",
  "a list that grows": "x = []\nfor i in range(1000000000):\n  x.append(i)\nend",
  "a comprehension": "x = [0 for i in range(1000000000)]",
  "a dict that grows": "x = {}\nfor i in range(1000000000):\n  x[i] = i\nend",
  "list(range)": "list(range(1000000000))",
  "sorted(range)": "sorted(range(1000000000))",
  "a set": "set(range(1000000000))",
  "many small lists": "x = [[] for i in range(1000000000)]",
  "many closures": "x = [lambda: i for i in range(1000000000)]",
  "join": '",".join(["a" * 1000] * 10000000)',
  "replace": '("a" * 100000).replace("a", "b" * 100000)',
  "split": '("a," * 20000000).split(",")',
  "elems": 'list(("a" * 100000000).elems())',
  "a doubled string": 'x = "a"\nfor i in range(100):\n  x += x\nend',
  "a doubled list": "x = [1]\nfor i in range(100):\n  x += x\nend",
  "a repeated string": 'x = "abc" * 100000000',
  "a repeated list": "x = [1] * 1000000000",
  "format": 'x = "x" * 1000000\nfor i in range(1000):\n  x = "{}{}".format(x, x)\nend',
  "string %": 'x = "x" * 1000000\nfor i in range(1000):\n  x = "%s%s" % (x, x)\nend',
  "star arguments": "def f(*a): return a\nf(*range(1000000000))",
  "zip": "zip(range(1000000000))",
  "extend": "x = []\nx.extend(range(1000000000))",
  "comparing shared lists": `x = [1] * 1000
y = [1] * 1000
for i in range(6):
  x = [x] * 1000
  y = [y] * 1000
end
x == y`,
  "printing shared lists": "x = [1]\nfor i in range(60):\n  x = [x, x]\nend\nstr(x)",
  "printing shared dicts": 'x = {}\nfor i in range(60):\n  x = {"a": x, "b": x}\nend\nstr(x)',
  "hashing shared tuples": "x = ()\nfor i in range(60):\n  x = (x, x)\nend\ny = {x: 1}",
  "formatting shared lists": 'x = [1]\nfor i in range(60):\n  x = [x, x]\nend\n"{}".format(x)',
  "upper case again and again":
    'x = "a" * 10000000\nfor i in range(100000000):\n  y = x.upper()\nend',
  "upper case of letters that are not ASCII":
    'x = "é" * 10000000\nfor i in range(100000000):\n  y = x.upper()\nend',
  "searching a list again and again":
    "x = [0] * 1000000\nfor i in range(100000000):\n  1 in x\nend",
  "searching a string again and again":
    'x = "a" * 10000000\nfor i in range(100000000):\n  "b" in x\nend',
  "inserting at the front": "x = []\nfor i in range(100000000):\n  x.insert(0, i)\nend",
  "large integers":
    "x = 1 << 500\nx = x * x * x * x * x\nfor i in range(100000000):\n  y = x * x // 7\nend",
  "backward slices": 'x = "é" * 10000000\nfor i in range(100000000):\n  y = x[::-1]\nend',
  "splitting into letters": '("a" * 60000000).replace("", "-")',
  "counting": 'x = "ab" * 10000000\nfor i in range(100000000):\n  x.count("ab")\nend',
  "any": "any([0] * 1000) or any(range(0, 1)) or [any([0] * 1000000) for i in range(10000000)]",
};
for (const [name, source] of Object.entries(hungry)) {
  Deno.test(`a limit ends ${name}`, () => {
    const start = performance.now();
    failure(source, { maxSteps: 2_000_000, maxMemoryBytes: 64 * 2 ** 20 });
    assert.ok(performance.now() - start < 3000, `${performance.now() - start} ms`);
  });
}

Deno.test("recursion without end is an error with both ends of the stack", () => {
  const error = failure("def f(n): return f(n + 1)\nf(0)");
  assert.match(error.message, /^calls are nested too deeply/);
  assert.equal(error.callStack.at(-1)?.name, "<toplevel>");
  assert.ok(error.callStack.length <= 101, `${error.callStack.length} frames`);
});

Deno.test("recursion through host functions and loops never overflows the stack", () => {
  const body = "for a in [1]:\nfor b in [1]:\nreturn sorted([1], key=lambda x: [f() for c in [1]])";
  const error = failure(`def f():\n${body}\nend\nend\nend\nf()`);
  assert.match(error.message, /^calls are nested too deeply/);
});

Deno.test("maxCallDepth is exact", () => {
  const source = "def f(n): return 0 if n == 0 else f(n - 1)\n";
  const run = (n: number) => () =>
    exec(
      compile(parse(`${source}f(${n})`, "t.star"), () => false),
      new Thread({ limits: { maxCallDepth: 50 } }),
    );
  run(48)();
  assert.throws(run(49), StarlarkError);
});

Deno.test("values nested without end can be neither printed nor compared nor hashed", () => {
  const nest = "x = 1\nfor i in range(100000):\n  x = [x]\nend\n";
  assert.match(failure(`${nest}str(x)`).message, /too deeply/);
  assert.match(failure(`${nest}y = x == [x]`).message, /maximum recursion depth/);
  const tuples = "x = 1\nfor i in range(100000):\n  x = (x,)\nend\n";
  assert.match(failure(`${tuples}y = {x: 1}`).message, /too deeply/);
});

Deno.test("integers do not grow for ever", () => {
  assert.match(
    failure("x = 7\nfor i in range(100):\n  x = x * x\nend").message,
    /integer is too large/,
  );
  assert.match(failure(`x = int("9" * 1000000)`).message, /too many digits/);
});

Deno.test("a deadline and a signal stop a program", () => {
  const endless = "for x in range(1000000000):\nend";
  let time = 0;
  const byTime = failure(endless, { deadlineMs: 10, now: () => time++ });
  assert.equal(limitOf(byTime), "time");
  const bySignal = failure(endless, { signal: AbortSignal.abort() });
  assert.equal(limitOf(bySignal), "abort");
  assert.equal(limitOf(failure(endless, { maxSteps: 10 })), "steps");
});

const deep: Record<string, string> = {
  "open brackets": `x = ${"[".repeat(100_000)}`,
  "parentheses": `x = ${"(".repeat(100_000)}1${")".repeat(100_000)}`,
  "minus signs": `x = ${"-".repeat(100_000)}1`,
  "nots": `x = ${"not ".repeat(100_000)}1`,
  "lambdas": `x = ${"lambda: ".repeat(100_000)}1`,
  "conditionals": `x = ${"1 if 1 else ".repeat(100_000)}1`,
  "blocks": `${"if True:\n".repeat(100_000)}x = 1\n${"end\n".repeat(100_000)}`,
  "attributes": `x = "a"${".upper()".repeat(100_000)}`,
  "subscripts": `x = []${"[0]".repeat(100_000)}`,
  "comprehensions": `x = ${"[".repeat(5000)}1${" for x in [1]]".repeat(5000)}`,
};
for (const [name, source] of Object.entries(deep)) {
  Deno.test(`too many nested ${name} are a syntax error`, () => {
    assert.throws(
      () => compile(parse(source, "t.star"), () => false),
      (error: Error) => error instanceof StarlarkSyntaxError && /too deeply/.test(error.message),
    );
  });
}

Deno.test("long flat programs are fine", () => {
  const source = `x = 1${" + 1".repeat(20_000)}
y = ${"[" + "1, ".repeat(50_000)}]
z = "a"${' + "a"'.repeat(20_000)}
w = ${"True and ".repeat(20_000)}1
if x == 0:
  v = 0
${Array.from({ length: 5000 }, (_, i) => `elif x == -${i + 1}:\n  v = ${i}`).join("\n")}
else:
  v = "none"
end
${"v = v\n".repeat(20_000)}`;
  const globals = exec(compile(parse(source, "t.star"), () => false), new Thread());
  assert.equal(globals.get("x"), 20_001);
  assert.equal(globals.get("v"), "none");
  assert.equal((globals.get("z") as string).length, 20_001);
});
