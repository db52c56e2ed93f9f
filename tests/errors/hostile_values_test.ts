import assert from "node:assert/strict";
import {
  chainOf,
  everyErrorIn,
  isTimeout,
  renderError,
  reportError,
  stack,
  StackedError,
  stackErr,
} from "../../lib/errors/mod.ts";
import { thrownBy } from "./_support.ts";

Deno.test("anything can be thrown, stacked, rendered and reported", () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const values: readonly (readonly [unknown, string])[] = [
    ["text", "text"],
    ["", ""],
    [5, "5"],
    [1n, "1"],
    [null, "null"],
    [Symbol("s"), "Symbol(s)"],
    [{ code: 3 }, '{"code":3}'],
    [[1, 2], "[1,2]"],
    [Object.create(null), "{}"],
    [{ big: 1n }, "[object Object]"],
    [revoked.proxy, "[a value that cannot be read]"],
    [Object.assign(new Error("a"), { message: 5 }), "5"],
    [Object.assign(new Error("a"), { name: Symbol("n") }), "Symbol(n): a"],
  ];
  for (const [value, shown] of values) {
    const error = thrownBy(() =>
      stackErr(
        () => {
          throw value;
        },
        "outer",
        { location: false },
      )
    );
    assert.ok(error instanceof StackedError);
    assert.equal(`${error}`, `\n    outer${shown === "" ? "" : `\n    ${shown}`}`);
    assert.equal(reportError(error).message, "outer");
    assert.equal(isTimeout(error), false);
    JSON.stringify(error);
  }
});

Deno.test("a getter that throws does not replace the failure that is being reported", () => {
  const error = new Error("real");
  for (const key of ["cause", "code"]) {
    Object.defineProperty(error, key, {
      enumerable: true,
      get: () => {
        throw new Error("from the getter");
      },
    });
  }
  assert.equal(renderError(error), "\n    real");
  assert.equal(reportError(error).entries.length, 1);
});

Deno.test("a cycle of causes ends", () => {
  const a = new Error("a");
  const b = new Error("b", { cause: a });
  a.cause = b;
  assert.deepEqual(chainOf(a), [a, b]);
  assert.equal(renderError(a), "\n    a\n    b");
  const self = new Error("self");
  self.cause = self;
  assert.deepEqual(everyErrorIn(self), [self]);
  JSON.stringify(reportError(self));
});

Deno.test("an aggregate that holds itself ends", () => {
  const error = new AggregateError([], "self");
  error.errors.push(error, new Error("other"));
  const text = renderError(error);
  assert.match(text, /^\n {4}self\n {8}self\n {12}\.\.\.\n {8}other$/);
  JSON.stringify(reportError(error));
  assert.equal(everyErrorIn(error).length, 2);
});

Deno.test("aggregates in aggregates are cut where nobody could read them", () => {
  let error = new AggregateError([new Error("root")], "deepest");
  for (let i = 0; i < 5000; i++) error = new AggregateError([error], `level ${i}`);
  assert.ok(renderError(error).length < 10_000);
  assert.ok(JSON.stringify(reportError(error)).length < 10_000);
  assert.equal(everyErrorIn(error).length, 5002);
});

Deno.test("a chain of 10,000 layers is rendered whole, root last", () => {
  let error: unknown = new Error("root");
  for (let i = 0; i < 10_000; i++) {
    error = new StackedError(`layer ${i}`, { cause: error, location: false });
  }
  const lines = renderError(error).split("\n");
  assert.equal(lines.length, 10_002);
  assert.equal(lines[1], "    layer 9999");
  assert.equal(lines.at(-1), "    root");
  assert.equal(reportError(error).entries.length, 10_001);
  assert.equal(isTimeout(error), false);
});

Deno.test("frozen and sealed errors can be stacked", () => {
  const frozen = Object.freeze(new StackedError("frozen"));
  const error = thrownBy(() =>
    stack(() => {
      throw frozen;
    })
  );
  assert.match(`${error}`, /\n {4}frozen/);
  assert.equal(Object.freeze(error as StackedError).location?.column !== undefined, true);
});

Deno.test("a program that replaces Error.prepareStackTrace loses places, not messages", () => {
  const before = Error.prepareStackTrace;
  try {
    Error.prepareStackTrace = (_error, frames) => frames;
    assert.equal(renderError(new StackedError("boom")), "\n    boom");
  } finally {
    Error.prepareStackTrace = before;
  }
});

Deno.test("a program that keeps no stacks loses places, not messages", () => {
  const before = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = 0;
    assert.equal(renderError(new StackedError("boom")), "\n    boom");
  } finally {
    Error.stackTraceLimit = before;
  }
});
