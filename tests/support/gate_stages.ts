import type { GateReport } from "./gate_report.ts";
import { runDeno } from "./gate_process.ts";

interface Stage {
  readonly name: string;
  readonly args: readonly string[];
}

/** Everything that is TypeScript; a folder that does not exist yet is left out. */
const SOURCES = ["lib", "cli", "examples", "tests", "tools", "mod.ts"];

/** What has a stage of its own in `.buildr.yml`. */
const CHECKED = new Set(["format", "lint", "types"]);

/** A type check of the whole tree with a cold cache on two cores takes a minute. */
const TIMEOUT_MS = 600_000;

/**
 * Runs the stages that look at the source: format, lint, types, docs, publishing, compiling.
 *
 * @param report Takes the results.
 * @param options `checked`: without format, lint and types, which somebody else has looked at.
 */
export async function runStaticStages(
  report: GateReport,
  { checked }: { readonly checked: boolean },
): Promise<void> {
  const sources = await existing(SOURCES);
  const docs = await existing(["README.md"]);
  const stages: Stage[] = [
    // First, so that a registry that does not answer is told as that, and once.
    { name: "packages", args: ["cache", "--quiet", ...await filesIn("lib/deps")] },
    { name: "format", args: ["fmt", "--check"] },
    { name: "lint", args: ["lint"] },
    {
      // What a library or the command line must not do, and a test or an example may.
      name: "lint lib and cli",
      args: ["lint", "--rules-include=no-console,no-top-level-await", "lib", "cli"],
    },
    { name: "types", args: ["check", "--doc", ...sources, ...docs] },
    { name: "doc lint", args: ["doc", "--lint", ...await exportedFiles()] },
    { name: "publish dry run", args: ["publish", "--dry-run", "--allow-dirty"] },
  ];
  // Linux only: another system's stand-in for the runtime would have to be one of its own binaries.
  if (Deno.build.os === "linux") {
    stages.push({ name: "compile smoke", args: ["run", "-A", "tools/compile.ts", "--smoke"] });
  }
  for (const { name, args } of stages) {
    if (checked && CHECKED.has(name)) {
      report.write(`      skipped: ${name}, --checked\n`);
      continue;
    }
    const { code, output, timedOut, ms } = await runDeno(args, { timeoutMs: TIMEOUT_MS });
    const note = timedOut ? `\nkilled after ${TIMEOUT_MS / 1000} s` : "";
    report.stage(name, code === 0, ms, `deno ${args.join(" ")}\n${output}${note}`);
  }
}

async function existing(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map(async (path) => {
    try {
      await Deno.stat(path);
      return [path];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }));
  return found.flat();
}

async function filesIn(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(directory)) found.push(`${directory}/${name}`);
  return found.sort();
}

async function exportedFiles(): Promise<readonly string[]> {
  const manifest: { exports: Record<string, string> } = JSON.parse(
    await Deno.readTextFile("deno.json"),
  );
  return Object.values(manifest.exports);
}
