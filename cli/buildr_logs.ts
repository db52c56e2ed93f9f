import { loadManifest } from "../lib/buildr/manifest/load.ts";
import { RESULT_COLUMNS, resultRows } from "../lib/buildr/report/table.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { didYouMean } from "../lib/diagnostics/mod.ts";
import { findLastRun, logFileName } from "./_buildr_run_log.ts";
import { formatJson, formatTable, type Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch buildr logs`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function logsCommand(output: Output): CommandUnknownOpts {
  return new Command("logs")
    .description(
      "Show what the last run of the manifest wrote: of one stage or row, or of all of them, one " +
        "after the other.",
    )
    .argument("[stage]", "a stage, or a row as the table of the run names it")
    .option("--path <directory>", "the project; default: here")
    .option("-f, --file <file>", "the manifest")
    .option("--summary", "show how the stages ended, and no output")
    .option("--json", "print how the run ended as JSON")
    .action(async (stage, { path, file, summary, json }) => {
      const manifest = await loadManifest({
        ...(path === undefined ? {} : { path }),
        ...(file === undefined ? {} : { file }),
      });
      const last = await findLastRun(manifest.path);
      if (last === undefined) {
        throw new UsageError("Cannot show logs: no run of this manifest is remembered");
      }
      const { nodes } = last.result;
      if (json === true) return output.out.write(formatJson(last));
      if (summary === true) {
        return output.out.write(formatTable(RESULT_COLUMNS, resultRows(nodes), output.out));
      }
      const wanted = nodes.filter((node) =>
        stage === undefined || node.id === stage || node.stage === stage
      );
      if (wanted.length === 0) {
        const meant = didYouMean(stage ?? "", nodes.flatMap(({ id, stage: name }) => [id, name]));
        const hint = meant === undefined ? "" : `, did you mean "${meant}"?`;
        throw new UsageError(`Cannot show "${stage}": the last run has no such stage${hint}`);
      }
      for (const { id, status } of wanted) {
        if (wanted.length > 1) output.err.write(`== ${id}: ${status}\n`);
        await copy(`${last.directory}/${logFileName(id)}`, output);
      }
    }) as unknown as CommandUnknownOpts;
}

async function copy(path: string, { out }: Output): Promise<void> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return; // it wrote nothing
    throw error;
  }
  const decoder = new TextDecoder();
  for await (const bytes of file.readable) {
    if (out.writeBytes === undefined) out.write(decoder.decode(bytes, { stream: true }));
    else out.writeBytes(bytes);
  }
}
