import assert from "node:assert/strict";
import { readTotals } from "../support/gate_junit.ts";

const head = (tests: number, failures: number, errors = 0) =>
  `<?xml version="1.0"?>\n<testsuites name="deno test" tests="${tests}" failures="${failures}" ` +
  `errors="${errors}" time="0.1">\n`;

Deno.test("readTotals() counts by the report", () => {
  const report = `${head(5, 1, 1)}    <testcase>\n      <skipped/>\n    </testcase>\n</testsuites>`;
  assert.deepEqual(readTotals(report, 1), { passed: 2, failed: 2, ignored: 1 });
  assert.deepEqual(readTotals(head(3, 0), 0), { passed: 3, failed: 0, ignored: 0 });
});

Deno.test("readTotals() never gives 0 failed for a run that did not end well", () => {
  assert.equal(readTotals("", 1).failed, 1); // a type error leaves no report
  assert.equal(readTotals(head(0, 0), 1).failed, 1); // a module that throws
  assert.equal(readTotals(head(4, 0), -1).failed, 1); // killed
});

Deno.test("readTotals() is not fooled by what a test has printed", () => {
  const report = `${head(1, 0)}<system-out>9 passed &lt;skipped/&gt; failures="7"</system-out>`;
  assert.deepEqual(readTotals(report, 0), { passed: 1, failed: 0, ignored: 0 });
});
