import { strictEqual } from "node:assert/strict";
import { caseFiles, runCase } from "./_conformance.ts";

const root = new URL("../../../shared/conformance/ytt", import.meta.url).pathname;
const names = caseFiles(root);

if (names === undefined) {
  Deno.test({
    name: "ytt conformance: skipped, the cases are not beside the repository",
    ignore: true,
    fn: () => {},
  });
}
for (const name of names ?? []) {
  Deno.test(`ytt conformance: ${name}`, async () => {
    const { expected, actual } = await runCase(root, name);
    strictEqual(actual, expected);
  });
}
