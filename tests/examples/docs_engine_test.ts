// gate-timeout: 300 s
import assert from "node:assert/strict";
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const PAGES = [
  "docs/containers.md",
  "docs/from_bash.md",
  "docs/from_the_rust_crate.md",
  "docs/registry.md",
];

/** A snippet of a page. */
interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  readonly isRun: boolean;
}

async function snippetsOf(page: string): Promise<readonly Snippet[]> {
  const text = await Deno.readTextFile(ROOT + page);
  return [...text.matchAll(/^```ts( no-run)?\n([^]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length,
    text: match[2]!,
    isRun: match[1] === undefined,
  }));
}

const snippets = (await Promise.all(PAGES.map(snippetsOf))).flat();
await using engine = await connectEngine();
const image = await busyboxImage(engine);

/** What a page promises behind `console.log(…)` is what has to be printed. */
function promises(text: string): readonly string[] {
  return [...text.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map((match) => match[1]!);
}

function printed(promise: string): string {
  // Texts stand in quotes, as in code.
  return promise.replaceAll(/"((?:[^"\\]|\\.)*)"/g, (quoted) => JSON.parse(quoted));
}

for (const { page, line, text, isRun } of snippets) {
  if (!isRun) continue;
  Deno.test(`${page}:${line} runs and prints what it says`, async () => {
    const directory = await Deno.makeTempDir({ prefix: "superorch-docs-" });
    try {
      // Nothing can be pulled here; this machine's own busybox takes the place of the public one.
      const code = text.replaceAll('"busybox"', JSON.stringify(image))
        .replaceAll(/FROM busybox\b/g, `FROM ${image}`);
      await Deno.writeTextFile(`${directory}/snippet.ts`, code);
      const { code: exit, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-lock", `--config=${ROOT}deno.json`, "snippet.ts"],
        cwd: directory,
        env: { NO_COLOR: "1" },
        stdin: "null",
        signal: AbortSignal.timeout(100_000),
      }).output();
      const output = new TextDecoder().decode(stdout);
      assert.equal(exit, 0, output + new TextDecoder().decode(stderr));
      for (const promise of promises(text)) {
        assert.ok(
          output.includes(printed(promise)) || output.includes(promise),
          `${promise} is not in:\n${output}`,
        );
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

Deno.test("the snippets of docs/ type-check, also those that are not run", async () => {
  const directory = await Deno.makeTempDir({ prefix: "superorch-docs-" });
  try {
    const files = snippets.map(({ page, line }) => `${page.replaceAll("/", "_")}_${line}.ts`);
    for (const [index, { text }] of snippets.entries()) {
      // Each on its own, also where it exports and imports nothing.
      await Deno.writeTextFile(`${directory}/${files[index]}`, `${text}\nexport {};\n`);
    }
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--no-lock", `--config=${ROOT}deno.json`, ...files],
      cwd: directory,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("each link of docs/ leads somewhere, and each test that one names exists", async () => {
  for (const page of PAGES) {
    const text = await Deno.readTextFile(ROOT + page);
    const links = [...text.matchAll(/\]\(([^)\s]+)(?: "([^"]+)")?\)/g)];
    assert.ok(links.length > 0, page);
    for (const [, target, title] of links) {
      if (target!.startsWith("#")) {
        const headings = [...text.matchAll(/^#+ (.*)$/gm)].map((match) =>
          match[1]!.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-")
        );
        assert.ok(headings.includes(target!.slice(1)), `${page}: ${target}`);
        continue;
      }
      if (/^https?:/.test(target!)) continue;
      const path = new URL(target!, `file://${ROOT}${page}`).pathname;
      const there = await Deno.stat(path);
      if (title === undefined) continue;
      assert.ok(there.isFile && path.endsWith("_test.ts"), `${page}: ${target}`);
      assert.ok(
        (await Deno.readTextFile(path)).includes(title),
        `${page}: "${title}" in ${target}`,
      );
    }
  }
});
