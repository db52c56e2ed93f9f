/** The code blocks in the docs of the sources. */
export interface DocBlocks {
  /** Those to run, as Deno's name of the test has them: `lib/a.ts#12-`. */
  readonly run: readonly string[];
  /** How many say `no-eval`: checked with the types, and not run. */
  readonly skipped: number;
}

/** The line that opens or closes a block inside a doc comment. */
const FENCE = /^\s*\*\s*```\s*(\S*)\s*(.*)$/;
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
  let skipped = 0;
  for await (const path of sourcesIn(directory)) {
    let open = false;
    for (const [index, line] of (await Deno.readTextFile(path)).split("\n").entries()) {
      const fence = FENCE.exec(line);
      if (fence === null) continue;
      open = !open;
      const [, language = "", attributes = ""] = fence;
      if (!open || !LANGUAGES.has(language) || /\bignore\b/.test(attributes)) continue;
      if (/\bno-eval\b/.test(attributes)) skipped++;
      else run.push(`${path}#${index + 1}-`);
    }
  }
  return { run, skipped };
}

async function* sourcesIn(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* sourcesIn(path);
    else if (name.endsWith(".ts")) yield path;
  }
}
