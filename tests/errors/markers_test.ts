import assert from "node:assert/strict";
import {
  isProbablyNotRootCause,
  isTimeout,
  ProbablyNotRootCauseError,
  renderError,
  StackedError,
  TimeoutError,
} from "../../lib/errors/mod.ts";

function under(layers: number, root: unknown): unknown {
  let error = root;
  for (let i = 0; i < layers; i++) error = new StackedError(`layer ${i}`, { cause: error });
  return error;
}

Deno.test("a time-out is found under three layers, a plain error is not one", () => {
  assert.ok(isTimeout(under(3, new TimeoutError("1 s"))));
  assert.equal(isTimeout(under(3, new Error("TimeoutError"))), false);
  for (const nothing of [undefined, null, "TimeoutError", 5, {}]) {
    assert.equal(isTimeout(nothing), false);
  }
});

Deno.test("time-outs of the platform count, also inside aggregates", async () => {
  const signal = AbortSignal.timeout(1);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  assert.ok(isTimeout(under(2, signal.reason)));
  assert.ok(
    isTimeout(under(1, new AggregateError([new Error("a"), new Deno.errors.TimedOut("b")]))),
  );
  assert.equal(isTimeout(AbortSignal.abort().reason), false);
});

Deno.test("markers without text print exactly their names", () => {
  const marked = under(1, new ProbablyNotRootCauseError());
  assert.ok(isProbablyNotRootCause(marked));
  assert.equal(isProbablyNotRootCause(new TimeoutError()), false);
  assert.ok(renderError(marked).endsWith("\n    ProbablyNotRootCauseError"));
  assert.equal(renderError(new TimeoutError()), "\n    TimeoutError");
});
