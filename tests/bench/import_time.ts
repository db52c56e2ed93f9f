/**
 * What importing a module costs over an empty script. Wanted: `errors` at most 5 ms, `mod.ts` at
 * most 30 ms, `superorch --help` in under 60 ms as a whole.
 */

import { median } from "./_median.ts";

const ROUNDS = 21;
const root = new URL("../..", import.meta.url);

async function main(): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const script = async (name: string, text: string) => {
      await Deno.writeTextFile(`${directory}/${name}.ts`, text);
      return [`${directory}/${name}.ts`];
    };
    const url = (path: string) => JSON.stringify(new URL(path, root).href);
    const cases: Record<string, string[]> = {
      "empty script": await script("empty", ""),
      "import errors": await script("errors", `import ${url("lib/errors/mod.ts")};`),
      "import mod.ts": await script("all", `import ${url("mod.ts")};`),
      "superorch --help": [new URL("cli/main.ts", root).href, "--help"],
    };
    const times = new Map(Object.keys(cases).map((name) => [name, [] as number[]]));
    // One round to fill Deno's caches, then all of them in turn, so that what else the machine does
    // falls on all alike.
    for (let round = -1; round < ROUNDS; round++) {
      for (const [name, words] of Object.entries(cases)) {
        const ms = await timeOf(["run", "-A", ...words]);
        if (round >= 0) times.get(name)?.push(ms);
      }
    }
    const floor = median(times.get("empty script") ?? []);
    for (const [name, all] of times) {
      const ms = median(all);
      console.log(
        `${name.padEnd(18)} ${ms.toFixed(1).padStart(6)} ms  ${(ms / floor).toFixed(2)}×` +
          `  ${(ms - floor).toFixed(1).padStart(6)} ms over the empty script`,
      );
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function timeOf(args: readonly string[]): Promise<number> {
  const begin = performance.now();
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`deno ${args.join(" ")} failed`);
  return performance.now() - begin;
}

await main();
