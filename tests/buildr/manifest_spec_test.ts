import assert from "node:assert/strict";
import { parseSpec, runSpec } from "./_pure_spec.ts";

const directory = new URL("specs/", import.meta.url);
const update = Deno.env.get("UPDATE") === "1";
const names = [...Deno.readDirSync(directory)].map(({ name }) => name).toSorted();

Deno.test("every file beside the specifications of buildr is one", () => {
  const known = /^(?:manifest|plan|import|init)_[a-z0-9_]+\.txt$/;
  assert.deepEqual(names.filter((name) => !known.test(name)), []);
});

for (const name of names) {
  Deno.test(`buildr spec ${name.slice(0, -4)}`, async () => {
    const path = new URL(name, directory);
    const spec = parseSpec(await Deno.readTextFile(path));
    const actual = await runSpec(spec);
    if (update) await Deno.writeTextFile(path, `${spec.head}--- expected\n${actual}`);
    else assert.equal(actual, spec.expected);
  });
}
