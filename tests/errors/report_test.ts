import assert from "node:assert/strict";
import { reportError, StackedError, TimeoutError } from "../../lib/errors/mod.ts";

class ExitedError extends Error {
  override readonly name = "ExitedError";
  readonly exitCode = 3;
  readonly handler = () => {};
  readonly tag = Symbol("not data");
}

Deno.test("reportError() gives every layer with its place and its own fields", () => {
  const location = { file: "/a/b.ts", line: 7, column: 3 };
  const error = new StackedError("Cannot migrate", {
    location,
    cause: new ExitedError("db exited", { cause: new TimeoutError("1 s") }),
  });
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    message: "Cannot migrate",
    timeout: true,
    probablyNotRootCause: false,
    entries: [
      { name: "StackedError", message: "Cannot migrate", location },
      { name: "ExitedError", message: "ExitedError: db exited", data: { exitCode: 3 } },
      { name: "TimeoutError", message: "TimeoutError: 1 s" },
    ],
  });
});

Deno.test("reportError() carries the errors of an aggregate, each as a report of its own", () => {
  const report = reportError(new AggregateError([new Error("a"), "b"], "two"));
  assert.deepEqual(report.entries[0]?.errors?.map(({ message }) => message), ["a", "b"]);
  assert.equal(report.message, "two");
});

Deno.test("reportError() of a layer that only marks a place takes the message below", () => {
  const error = new StackedError("", { cause: new StackedError("below") });
  assert.equal(reportError(error).message, "below");
  assert.equal(reportError(error).entries[0]?.message, "");
});
