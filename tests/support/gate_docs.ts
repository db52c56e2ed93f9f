/** The code blocks in the docs of the sources. */
export interface DocBlocks {
  /** Those to run, as Deno's name of the test has them: `lib/a.ts#12-`. */
  readonly run: readonly string[];
  /** Those of them that need an engine. */
  readonly engine: readonly string[];
  /** How many say `no-eval`: checked with the types, and not run. */
  readonly skipped: number;
}

/** The line that opens or closes a block inside a doc comment. */
const FENCE = /^\s*\*\s*```\s*(\S*)\s*(.*)$/;
/** What an example that needs an engine begins with. */
const ENGINE = /\bawait connectEngine\(/;
const LANGUAGES = new Set(["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "typescript"]);

/**
 * Lists the code blocks in doc comments. Deno 2.9 checks the types of a block that says `no-eval`,
 * and then runs it all the same (`ignore` does neither), so which ones to run is told to it by name.
 *
 * @param directory Where to look.
 * @returns The blocks.
 */
export async function findDocBlocks(directory: string): Promise<DocBlocks> {
  const run: string[] = [];
  const engine: string[] = [];
  let skipped = 0;
  for await (const path of sourcesIn(directory)) {
    let open = false;
    let wanted = false;
    for (const [index, line] of (await Deno.readTextFile(path)).split("\n").entries()) {
      const fence = FENCE.exec(line);
      if (fence === null) {
        const last = run.at(-1);
        if (open && wanted && ENGINE.test(line) && last !== undefined) engine.push(last);
        continue;
      }
      open = !open;
      wanted = false;
      const [, language = "", attributes = ""] = fence;
      if (!open || !LANGUAGES.has(language) || /\bignore\b/.test(attributes)) continue;
      if (/\bno-eval\b/.test(attributes)) skipped++;
      else {
        wanted = true;
        run.push(`${path}#${index + 1}-`);
      }
    }
  }
  return { run, engine, skipped };
}

async function* sourcesIn(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* sourcesIn(path);
    else if (name.endsWith(".ts")) yield path;
  }
}
