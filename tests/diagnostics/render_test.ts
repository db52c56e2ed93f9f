import assert from "node:assert/strict";
import {
  type Diagnostic,
  Diagnostics,
  DiagnosticsError,
  didYouMean,
  renderDiagnostic,
  SourceText,
} from "../../lib/diagnostics/mod.ts";

function at(text: string, part: string, file = "a.yaml"): Pick<Diagnostic, "source" | "range"> {
  const start = text.indexOf(part);
  return { source: new SourceText(file, text), range: { start, end: start + part.length } };
}

function render(text: string, part: string, hint?: string): string {
  return renderDiagnostic({ severity: "error", message: "Bad", hint, ...at(text, part) });
}

Deno.test("renderDiagnostic() shows place, message, source line and caret", () => {
  assert.equal(
    render("services:\n  db:\n    imgae: x\n", "imgae", 'did you mean "image"?'),
    'a.yaml:3:5: error: Bad, did you mean "image"?\n  3 |     imgae: x\n    |     ^^^^^',
  );
});

Deno.test("renderDiagnostic() keeps tabs in front of the caret", () => {
  assert.equal(render("\tx: 1", "x"), "a.yaml:1:2: error: Bad\n  1 | \tx: 1\n    | \t^");
});

Deno.test("renderDiagnostic() counts characters, not UTF-16 units", () => {
  assert.equal(render("😀😀 x", "x"), "a.yaml:1:4: error: Bad\n  1 | 😀😀 x\n    |    ^");
});

Deno.test("renderDiagnostic() points at the end of a text without a final newline", () => {
  const source = new SourceText("a", "ab");
  const text = renderDiagnostic({
    severity: "warning",
    message: "End",
    source,
    range: { start: 2, end: 2 },
  });
  assert.equal(text, "a:1:3: warning: End\n  1 | ab\n    |   ^");
});

Deno.test("renderDiagnostic() marks a range over several lines to the end of its first", () => {
  assert.equal(render("ab cd\nef", "cd\nef"), "a.yaml:1:4: error: Bad\n  1 | ab cd\n    |    ^^");
});

Deno.test("renderDiagnostic() escapes control characters of the source", () => {
  assert.equal(render("\x1b[2Jx", "x"), "a.yaml:1:5: error: Bad\n  1 | \\x1b[2Jx\n    |        ^");
});

Deno.test("renderDiagnostic() shows a part of a line of a megabyte, around the place", () => {
  const text = `${"a".repeat(500_000)}X${"b".repeat(500_000)}`;
  const [head, line, caret] = render(text, "X").split("\n");
  assert.equal(head, "a.yaml:1:500001: error: Bad");
  assert.ok(line!.length < 200);
  assert.equal(line![caret!.indexOf("^")], "X");
});

Deno.test("renderDiagnostic() understands CRLF", () => {
  assert.equal(render("a: 1\r\nb: 2\r\n", "b"), "a.yaml:2:1: error: Bad\n  2 | b: 2\n    | ^");
});

Deno.test("renderDiagnostic() adds related places and colours only on request", () => {
  const text = "a: 1\na: 2\n";
  const source = new SourceText("f", text);
  const diagnostic: Diagnostic = {
    severity: "error",
    message: "Twice",
    source,
    range: { start: 5, end: 6 },
    related: [{ message: "first", source, range: { start: 0, end: 1 } }],
  };
  assert.equal(
    renderDiagnostic(diagnostic),
    "f:2:1: error: Twice\n  2 | a: 2\n    | ^\nf:1:1: note: first\n  1 | a: 1\n    | ^",
  );
  assert.ok(renderDiagnostic(diagnostic, { colour: true }).includes("\x1b[31merror\x1b[0m"));
});

Deno.test("Diagnostics throws all errors at once, sorted by place, each once", () => {
  const source = new SourceText("f", "a\nb\n");
  const diagnostics = new Diagnostics();
  diagnostics.throwIfErrors("Cannot read"); // nothing to throw yet
  diagnostics.warning(source, { start: 0, end: 1 }, "Odd");
  diagnostics.throwIfErrors("Cannot read"); // a warning stops nothing
  diagnostics.error(source, { start: 2, end: 3 }, "Second");
  diagnostics.error(source, { start: 0, end: 1 }, "First");
  diagnostics.error(source, { start: 0, end: 1 }, "First");
  assert.throws(() => diagnostics.throwIfErrors("Cannot read"), (error) => {
    assert.ok(error instanceof DiagnosticsError);
    assert.deepEqual(
      error.diagnostics.map(({ message }) => message),
      ["Odd", "First", "Second"],
    );
    assert.match(
      error.message,
      /^Cannot read: 2 mistakes\nf:1:1: error: First\n[^]*f:2:1: error: Second/,
    );
    return true;
  });
});

Deno.test("didYouMean() finds swapped, missing, extra and wrong letters, and nothing far away", () => {
  const known = ["image", "environment", "ports", "x"];
  assert.equal(didYouMean("imgae", known), "image");
  assert.equal(didYouMean("enviroment", known), "environment");
  assert.equal(didYouMean("portss", known), "ports");
  assert.equal(didYouMean("IMAGE", known), "image");
  assert.equal(didYouMean("volumes", known), undefined);
  assert.equal(didYouMean("", known), undefined);
  assert.equal(didYouMean("a".repeat(1000), known), undefined);
});
