/** Prints how many of the reference's file tests pass, by directory: `deno run -A tests/ytt/conformance.ts [-v]`. */
import { caseFiles, runCase } from "./_conformance.ts";

const root = new URL("../../../shared/conformance/ytt", import.meta.url).pathname;
const names = caseFiles(root);
if (names === undefined) {
  console.log(`no cases: ${root} does not exist`);
  Deno.exit(0);
}
const verbose = Deno.args.includes("-v");
const only = Deno.args.find((arg) => !arg.startsWith("-"));
const table = new Map<string, { passed: number; firstLine: number; total: number }>();
for (const name of names) {
  if (only !== undefined && !name.includes(only)) continue;
  const outcome = await runCase(root, name);
  const row = table.get(outcome.directory) ?? { passed: 0, firstLine: 0, total: 0 };
  table.set(outcome.directory, row);
  row.total++;
  if (outcome.passed) row.passed++;
  else {
    if (outcome.firstLine) row.firstLine++;
    console.log(`FAIL ${name}${outcome.firstLine ? " (first line is right)" : ""}`);
    if (verbose) console.log(`--- expected\n${outcome.expected}\n--- actual\n${outcome.actual}\n`);
  }
}
let passed = 0;
let total = 0;
for (const [directory, row] of [...table].sort(([a], [b]) => a < b ? -1 : 1)) {
  const first = row.firstLine > 0 ? `  (+${row.firstLine} with the right first line)` : "";
  console.log(`${directory.padEnd(50)} ${String(row.passed).padStart(3)} of ${row.total}${first}`);
  passed += row.passed;
  total += row.total;
}
console.log(`${"total".padEnd(50)} ${String(passed).padStart(3)} of ${total}`);
