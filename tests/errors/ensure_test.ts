import assert from "node:assert/strict";
import { bail, ensure, ensureEq, ensureNe, StackedError } from "../../lib/errors/mod.ts";
import { lineHere, thrownBy } from "./_support.ts";

function messageOf(work: () => unknown): string {
  const error = thrownBy(work);
  assert.ok(error instanceof StackedError);
  return error.message;
}

Deno.test("bail() throws the message with the calling line", () => {
  const line = lineHere() + 1;
  const error = thrownBy(() => bail("Cannot go on"));
  assert.ok(error instanceof StackedError);
  assert.equal(error.message, "Cannot go on");
  assert.equal(error.location?.line, line);
});

Deno.test("ensure() of a function quotes its source", () => {
  const port = 70_000;
  assert.equal(
    messageOf(() => ensure(() => port < 65536)),
    "ensure(port < 65536) -> assertion failed",
  );
});

Deno.test("ensure() passes what is truthy, and a message replaces the text", () => {
  ensure(1);
  ensure(() => "x");
  for (const falsy of [false, 0, "", null, undefined, NaN, 0n]) {
    assert.equal(messageOf(() => ensure(falsy, "No")), "No");
    assert.equal(messageOf(() => ensure(() => falsy, () => "No")), "No");
  }
});

Deno.test("ensure() refuses a promise, which would always hold", () => {
  assert.throws(() => ensure(Promise.resolve(false)), TypeError);
  assert.throws(() => ensure(() => Promise.resolve(false)), TypeError);
});

Deno.test("ensureEq() compares by structure and shows both sides", () => {
  ensureEq({ a: [1, new Map([["k", 2]])] }, { a: [1, new Map([["k", 2]])] });
  const message = messageOf(() => ensureEq({ a: 1 }, { a: 2 }));
  assert.equal(
    message,
    "ensureEq(\n lhs: { a: 1 }\n rhs: { a: 2 }\n) -> equality assertion failed",
  );
  assert.equal(messageOf(() => ensureEq(1, 2, "Not the same")), "Not the same");
  assert.throws(() => ensureEq(1, "1"));
  assert.throws(() => ensureEq(0, -0));
});

Deno.test("ensureNe() fails on equal structures", () => {
  ensureNe({ a: 1 }, { a: 2 });
  assert.match(messageOf(() => ensureNe([1], [1])), /-> inequality assertion failed$/);
});
