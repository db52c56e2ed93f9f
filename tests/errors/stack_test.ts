import assert from "node:assert/strict";
import {
  bail,
  chainErrors,
  findCause,
  isTimeout,
  renderError,
  required,
  stack,
  StackedError,
  stackErr,
  TimeoutError,
} from "../../lib/errors/mod.ts";
import { lineHere, thrownBy } from "./_support.ts";

const here = new URL(import.meta.url).pathname;

Deno.test("a stack of three layers prints newest first, each place beside its layer, root last", () => {
  const root = new StackedError("root", { location: false });
  const mid = root.with("mid");
  const midLine = lineHere() - 1;
  const top = mid.with();
  const topLine = lineHere() - 1;
  const text = `${top}`;
  assert.match(text, /^\n {2}at \S+ \d+:\d+\n {4}mid\n? .*at \S+ \d+:\d+\n {4}root$/);
  assert.ok(text.includes(`at ${here} ${topLine}:`), text);
  assert.ok(text.includes(`at ${here} ${midLine}:`), text);
  assert.equal(text.includes("\x1b"), false);
});

Deno.test("stack() around stack() adds a place and does not nest", () => {
  const error = thrownBy(() =>
    stack(() =>
      stack(() => {
        throw new RangeError("root");
      })
    )
  );
  const lines = `${error}`.split("\n");
  assert.equal(lines.filter((line) => line.includes("root")).length, 1);
  assert.equal(lines.filter((line) => line.includes(here)).length, 2);
});

Deno.test("stack() directly on a foreign error puts its place on that error's own line", () => {
  const error = thrownBy(() => stack(() => JSON.parse("{")));
  assert.equal(`${error}`.split("\n    ").length, 2);
  assert.match(`${error}`, /SyntaxError: /);
  assert.ok(`${error}`.includes(`at ${here} `));
});

Deno.test("stackErr() rejects with the message, the calling line and the cause", async () => {
  const line = lineHere() + 1;
  const work = stackErr(Promise.reject(new RangeError("port 70000")), "Cannot listen");
  const error = await work.then(() => undefined, (thrown) => thrown);
  assert.ok(error instanceof StackedError);
  assert.equal(error.message, "Cannot listen");
  assert.deepEqual({ ...error.location, column: 0 }, { file: here, line, column: 0 });
  assert.equal(findCause(error, RangeError)?.message, "port 70000");
});

Deno.test("stackErr() gives back what succeeds, and never makes the message then", async () => {
  const never = () => assert.fail("the message is made on failure only");
  assert.equal(stackErr(() => 5, never), 5);
  assert.equal(await stackErr(Promise.resolve(6), never), 6);
  assert.equal(await stackErr(() => Promise.resolve(7), never), 7);
});

Deno.test("stackErr() catches the rejection of a promise that a function returns", async () => {
  await assert.rejects(
    stackErr(() => Promise.reject(new Error("late")), () => "Cannot wait"),
    (error) => error instanceof StackedError && error.message === "Cannot wait",
  );
});

Deno.test("location: false leaves the calling line out", () => {
  const error = thrownBy(() =>
    stackErr(() => bail("inner", { location: false }), "outer", { location: false })
  );
  assert.equal(`${error}`, "\n    outer\n    inner");
});

Deno.test("required() passes what is there and names the line where it is not", () => {
  assert.equal(required(0), 0);
  assert.equal(required(""), "");
  for (const nothing of [null, undefined]) {
    const error = thrownBy(() => required(nothing, "No port"));
    assert.ok(`${error}`.startsWith(`\n    No port`), `${error}`);
    assert.ok(`${error}`.includes(here));
  }
  assert.match(`${thrownBy(() => required(undefined))}`, /^\n {2}at \S+ \d+:\d+$/);
});

Deno.test("chainErrors() puts one failure below another and changes neither", () => {
  const outer = new StackedError("outer", { cause: new Error("outer root"), location: false });
  const inner = new StackedError("inner", { cause: new TimeoutError("late"), location: false });
  const both = chainErrors(outer, inner);
  assert.equal(
    `${both}`,
    "\n    outer\n    Error: outer root\n    inner\n    TimeoutError: late",
  );
  assert.ok(isTimeout(both));
  assert.equal(isTimeout(outer), false);
});

Deno.test("chainErrors() keeps the places of both", () => {
  const line = lineHere() + 1;
  const both = chainErrors(new StackedError("outer"), new Error("inner"));
  assert.equal(both.location?.line, line);
});

Deno.test("a subclass of StackedError keeps its place and prints its message alone", () => {
  class DatabaseError extends StackedError {
    override readonly name = "DatabaseError";
  }
  const text = renderError(new DatabaseError("Cannot connect", { cause: new Error("refused") }));
  assert.ok(text.startsWith("\n    Cannot connect"), text);
  assert.ok(text.includes(`at ${here} `), text);
});

Deno.test("console.log() of a stacked error shows the chain", () => {
  const text = Deno.inspect(new StackedError("outer", { cause: "inner", location: false }));
  assert.equal(text, "\n    outer\n    inner");
});
