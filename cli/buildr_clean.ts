import { absolute } from "../lib/buildr/manifest/find.ts";
import { cleanProject } from "../lib/buildr/run/clean.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { connectEngine } from "../lib/engine/mod.ts";
import { ExitCode } from "./exit_code.ts";
import { formatJson, formatTable, type Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch buildr clean`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function cleanCommand(output: Output): CommandUnknownOpts {
  return new Command("clean")
    .description(
      "Remove what runs of this project have kept: containers of --keep, snapshots of prepare, " +
        "caches; and what dead runs left. What belongs to a run that lives is not touched.",
    )
    .option("--path <directory>", "the project; default: here")
    .option("--all", "of all projects")
    .option("--artifacts", "the artifacts in .buildr-out, too")
    .option("--dry-run", "remove nothing, only show")
    .option("--json", "print JSON")
    .action(async ({ path, all, artifacts, dryRun, json }) => {
      if (all === true && artifacts === true) {
        throw new UsageError(
          "Cannot remove artifacts of all projects: nobody knows where they are",
        );
      }
      const directory = all === true ? undefined : await realDirectory(path ?? ".");
      await using engine = await connectEngine();
      const things = await cleanProject(engine, {
        directory,
        artifacts: artifacts === true,
        dryRun: dryRun === true,
      });
      const rows = things.map(({ kind, name, error }) => [
        kind,
        name,
        error === undefined ? dryRun === true ? "would be removed" : "removed" : `failed: ${error}`,
      ]);
      output.out.write(
        json === true
          ? formatJson(things)
          : rows.length === 0
          ? "Nothing to clean\n"
          : formatTable(["KIND", "NAME", "OUTCOME"], rows, output.out),
      );
      if (things.some(({ error }) => error !== undefined)) throw new ExitCode(1);
    }) as unknown as CommandUnknownOpts;
}

async function realDirectory(path: string): Promise<string> {
  try {
    if ((await Deno.stat(path)).isDirectory) return absolute(path, Deno.cwd());
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new UsageError(`Cannot clean "${path}": there is no such directory`);
}
