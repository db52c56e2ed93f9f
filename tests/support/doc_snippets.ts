import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Pages whose snippets want an engine; those of all others are run without one. */
export const ENGINE_PAGES: readonly string[] = [
  "docs/containers.md",
  "docs/docker_inconsistencies.md",
  "docs/engine.md",
  "docs/from_bash.md",
  "docs/from_docker_compose.md",
  "docs/from_the_rust_crate.md",
];

/** A snippet of a page. */
export interface Snippet {
  /** Path of the page from the root. */
  readonly page: string;
  /** Line of its fence. */
  readonly line: number;
  /** The code. */
  readonly text: string;
  /** Whether it runs as it is; ```` ```ts no-run ```` and `no-eval` are only checked. */
  readonly isRun: boolean;
}

/** Reads the snippets of a page. */
export async function snippetsOf(page: string): Promise<readonly Snippet[]> {
  const text = await Deno.readTextFile(ROOT + page);
  return [...text.matchAll(/^```ts(?: (no-run|no-eval))?\n([^]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length,
    text: match[2]!,
    isRun: match[1] === undefined,
  }));
}

/** What a page promises behind `console.log(…)` is what has to be printed; `;` makes it a remark. */
function promises(text: string): readonly string[] {
  return [...text.matchAll(/console\.log\(.*\); \/\/ ([^;\n]+)$/gm)].map((match) => match[1]!);
}

function printed(promise: string): string {
  // Texts stand in quotes, as in code.
  return promise.replaceAll(/"((?:[^"\\]|\\.)*)"/g, (quoted) => JSON.parse(quoted));
}

/** Runs a snippet in an empty directory, and requires what it promises. */
export async function runSnippet(text: string): Promise<void> {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/snippet.ts`, text);
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
  });
}

/** Requires that snippets type-check, also those that are not run. */
export async function checkSnippets(snippets: readonly Snippet[]): Promise<void> {
  await inDirectory(async (directory) => {
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
  });
}

/** Requires that each link of a page leads somewhere, and that each test that one names exists. */
export async function checkLinks(page: string): Promise<void> {
  const text = await Deno.readTextFile(ROOT + page);
  const links = [...text.matchAll(/\]\(([^)\s]+)(?: "([^"]+)")?\)/g)];
  for (const [, target, title] of links) {
    if (/^https?:/.test(target!)) continue;
    const [path, anchor] = target!.split("#", 2) as [string, string | undefined];
    const file = path === "" ? ROOT + page : new URL(path, `file://${ROOT}${page}`).pathname;
    const there = await Deno.stat(file).catch(() => undefined);
    assert.ok(there !== undefined, `${page}: ${target} leads nowhere`);
    if (anchor !== undefined && file.endsWith(".md")) {
      assert.ok((await headingsOf(file)).includes(anchor), `${page}: ${target}`);
    }
    if (title === undefined) continue;
    assert.ok(there.isFile && file.endsWith("_test.ts"), `${page}: ${target}`);
    assert.ok((await Deno.readTextFile(file)).includes(title), `${page}: "${title}" in ${target}`);
  }
}

async function headingsOf(file: string): Promise<readonly string[]> {
  const text = await Deno.readTextFile(file);
  return [...text.matchAll(/^#+ (.*)$/gm)].map((match) =>
    match[1]!.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "superorch-docs-" });
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
