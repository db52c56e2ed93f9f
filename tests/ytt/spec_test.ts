import { strictEqual } from "node:assert/strict";
import { formatSpec, parseSpec, runSpec } from "./_spec.ts";

const root = new URL("./specs", import.meta.url).pathname;

function* specFiles(path: string): Iterable<string> {
  for (const entry of [...Deno.readDirSync(path)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (entry.isDirectory) yield* specFiles(`${path}/${entry.name}`);
    else yield `${path}/${entry.name}`;
  }
}

for (const path of specFiles(root)) {
  const name = path.slice(root.length + 1);
  Deno.test(`ytt specs: ${name}`, async () => {
    if (!name.endsWith(".spec")) throw new Error(`Nobody reads the file "${name}"`);
    const text = Deno.readTextFileSync(path);
    const result = await runSpec(parseSpec(text));
    const actual = formatSpec(text, result);
    if (Deno.env.get("UPDATE") === "1") Deno.writeTextFileSync(path, actual);
    else strictEqual(actual, text);
  });
}
