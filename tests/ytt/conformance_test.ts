import { strictEqual } from "node:assert/strict";
import { caseFiles, runCase } from "./_conformance.ts";

const root = new URL("../../../shared/conformance/ytt", import.meta.url).pathname;
const found = caseFiles(root);
const known = Deno.readTextFileSync(new URL("./conformance_cases.txt", import.meta.url))
  .split("\n").filter((line) => line !== "");

for (const name of new Set([...known, ...found ?? []])) {
  if (found === undefined || !found.includes(name)) {
    console.log(`skipped ${name}: the reference's cases are not beside the repository`);
    Deno.test({ name: `ytt conformance: ${name}`, ignore: true, fn: () => {} });
    continue;
  }
  Deno.test(`ytt conformance: ${name}`, async () => {
    const { expected, actual } = await runCase(root, name);
    strictEqual(actual, expected);
  });
}
