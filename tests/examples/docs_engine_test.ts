// gate-timeout: 300 s
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";
import { checkSnippets, ENGINE_PAGES, runSnippet, snippetsOf } from "../support/doc_snippets.ts";

const snippets = (await Promise.all(ENGINE_PAGES.map(snippetsOf))).flat();
await using engine = await connectEngine();
const image = await busyboxImage(engine);

for (const { page, line, text, isRun } of snippets) {
  if (!isRun) continue;
  // Nothing can be pulled here; this machine's own busybox takes the place of the public one.
  const code = text.replaceAll('"busybox"', JSON.stringify(image))
    .replaceAll(/FROM busybox\b/g, `FROM ${image}`)
    .replaceAll(/image: busybox\b/g, `image: ${image}`);
  Deno.test(`${page}:${line} runs and prints what it says`, () => runSnippet(code));
}

Deno.test("the snippets of these pages type-check, also those that are not run", () =>
  checkSnippets(snippets));
