import assert from "node:assert/strict";

const docs = new URL("../../docs/compose.md", import.meta.url);
const text = await Deno.readTextFile(docs);

Deno.test("the table of keys names every key that is read or refused", async () => {
  const source = await Deno.readTextFile(
    new URL("../../lib/compose/_read_service.ts", import.meta.url),
  );
  const table = source.slice(source.indexOf("export const readService"));
  const old = ["net", "log_driver", "log_opt", "dockerfile", "volume_driver"];
  const keys = [...table.matchAll(/^ {2}(\w+)(?::|,$)/gm)].map(([, key]) => key!)
    .filter((key) => !old.includes(key));
  assert.ok(keys.length > 80, `${keys.length} keys found`);
  assert.deepEqual(keys.filter((key) => !text.includes(`\`${key}\``)), []);
});

Deno.test("every link of the table leads to a test, and every specification is linked", async () => {
  const links = new Set([...text.matchAll(/\]\((\.\.\/[^)]+)\)/g)].map(([, link]) => link!));
  for (const link of links) assert.ok((await Deno.stat(new URL(link, docs))).isFile, link);
  for await (const { name } of Deno.readDir(new URL("specs/", import.meta.url))) {
    assert.ok(links.has(`../tests/compose/specs/${name}`), `${name} is not linked`);
  }
});
