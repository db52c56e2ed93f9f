import assert from "node:assert/strict";
import { renderError, StackedError } from "../../lib/errors/mod.ts";

const location = { file: "/a/b.ts", line: 7, column: 3 };

Deno.test("renderError() puts the place on the message's line up to 80 bytes, else below", () => {
  // message + path + 8 bytes of punctuation
  const fits = "m".repeat(80 - 8 - location.file.length);
  assert.equal(
    renderError(new StackedError(fits, { location })),
    `\n    ${fits} at /a/b.ts 7:3`,
  );
  assert.equal(
    renderError(new StackedError(`${fits}m`, { location })),
    `\n    ${fits}m\n  at /a/b.ts 7:3`,
  );
});

Deno.test("renderError() counts bytes, not characters", () => {
  const message = "é".repeat(40);
  assert.match(renderError(new StackedError(message, { location })), /é\n {2}at /);
});

Deno.test("renderError() indents every line of a message", () => {
  const error = new StackedError("one\ntwo", { location: false });
  assert.equal(renderError(error), "\n    one\n    two");
});

Deno.test("colours: red message, dim file, bold position; none in the plain text", () => {
  const error = new StackedError("boom", { location });
  assert.equal(
    error.render({ colour: true }),
    "\n    \x1b[38;2;205;92;92mboom\x1b[0m at \x1b[2m/a/b.ts\x1b[0m \x1b[1m7:3\x1b[0m",
  );
  assert.equal(error.render().includes("\x1b"), false);
});

Deno.test("a message that brings its own colours is not recoloured", () => {
  const error = new StackedError("\x1b[32mfine\x1b[0m", { location: false });
  assert.equal(error.render({ colour: true }), "\n    \x1b[32mfine\x1b[0m");
});

Deno.test("the class of a foreign error is shown, except where it says nothing", () => {
  assert.equal(renderError(new RangeError("70000")), "\n    RangeError: 70000");
  assert.equal(renderError(new Error("plain")), "\n    plain");
  assert.equal(renderError(new AggregateError([], "two")), "\n    two");
  assert.equal(renderError(new RangeError()), "\n    RangeError");
});

Deno.test("the errors of an aggregate follow it, indented, each with its own causes", () => {
  const error = new AggregateError(
    [new StackedError("first", { cause: "why", location: false }), new Error("second")],
    "two failed",
  );
  assert.equal(
    renderError(error),
    "\n    two failed\n        first\n        why\n        second",
  );
});
