// gate-timeout: 240 s
import assert from "node:assert/strict";
import {
  checkLinks,
  checkSnippets,
  ENGINE_PAGES,
  runSnippet,
  snippetsOf,
} from "../support/doc_snippets.ts";
import { superorch } from "../support/cli.ts";

const ROOT = new URL("../../", import.meta.url);

const pages = [...Deno.readDirSync(new URL("docs", ROOT))].map(({ name }) => `docs/${name}`)
  .filter((name) => name.endsWith(".md")).sort();
const own = pages.filter((page) => !ENGINE_PAGES.includes(page));
const snippets = (await Promise.all(own.map(snippetsOf))).flat();

for (const { page, line, text, isRun } of snippets) {
  if (isRun) Deno.test(`${page}:${line} runs and prints what it says`, () => runSnippet(text));
}

Deno.test("the snippets of docs/ type-check, also those that are not run", () =>
  checkSnippets(snippets));

Deno.test("each link of README and docs/ leads somewhere, and each test that one names exists", async () => {
  for (const page of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...pages]) {
    await checkLinks(page);
  }
});

Deno.test("the mistakes in docs/from_docker_compose.md are shown as they stand there", async () => {
  const page = await Deno.readTextFile(new URL("docs/from_docker_compose.md", ROOT));
  const file = /```yaml\n([^]*?)```/.exec(page)?.[1];
  const shown = /```\n\$ superorch (compose config)\n([^]*?)```/.exec(page);
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/compose.yaml`, file!);
    const { code, stderr } = await superorch(shown![1]!.split(" "), { cwd: directory });
    assert.deepEqual([code, stderr], [2, shown![2]]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("each page is in the index, and each top module has its guide there", async () => {
  const index = await Deno.readTextFile(new URL("docs/README.md", ROOT));
  for (const page of pages) {
    const name = page.slice("docs/".length);
    if (name !== "README.md") assert.ok(index.includes(`](${name})`), name);
  }
  const manifest: { exports: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  for (const name of Object.keys(manifest.exports)) {
    if (!/^\.\/[a-z_]+$/.test(name) || name === "./cli") continue;
    assert.ok(index.includes(`\`${name.slice(2)}\``), `${name} is not in docs/README.md`);
  }
});
