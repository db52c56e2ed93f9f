import assert from "node:assert/strict";
import {
  Diagnostics,
  plainDiagnostics,
  renderDiagnostics,
  renderGithub,
  SourceText,
} from "../../lib/diagnostics/mod.ts";

const source = new SourceText("a,b.yml", "x: 1\nsätges: 2\n");
const diagnostics = new Diagnostics();
diagnostics.error(source, { start: 5, end: 11 }, "Unknown key\n100%", {
  code: "unknown-key",
  hint: 'did you mean "stages"?',
});

Deno.test("a diagnostic shows its code", () => {
  assert.match(renderDiagnostics(diagnostics.all), /^a,b\.yml:2:1: error\[unknown-key\]: Unknown/);
});

Deno.test("plainDiagnostics() gives lines and columns of both ends", () => {
  assert.deepEqual(plainDiagnostics(diagnostics.all), [{
    severity: "error",
    code: "unknown-key",
    message: "Unknown key\n100%",
    hint: 'did you mean "stages"?',
    file: "a,b.yml",
    line: 2,
    column: 1,
    endLine: 2,
    endColumn: 7,
  }]);
});

Deno.test("renderGithub() escapes what GitHub takes for its own", () => {
  assert.equal(
    renderGithub(diagnostics.all),
    "::error file=a%2Cb.yml,line=2,col=1,endLine=2,endColumn=7,title=unknown-key" +
      '::Unknown key%0A100%25, did you mean "stages"?',
  );
});
