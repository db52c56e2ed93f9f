import { loadManifest } from "../lib/buildr/manifest/load.ts";
import type { Manifest } from "../lib/buildr/manifest/model.ts";
import { Command, type CommandUnknownOpts, Option } from "../lib/deps/commander.ts";
import {
  type Diagnostic,
  DiagnosticsError,
  plainDiagnostics,
  renderDiagnostics,
  renderGithub,
} from "../lib/diagnostics/mod.ts";
import { ExitCode } from "./exit_code.ts";
import { EXIT } from "./failure.ts";
import { escapeControl, formatJson, type Output } from "./output.ts";

interface ValidateFlags {
  readonly path?: string;
  readonly file?: string;
  readonly format: "text" | "json" | "github";
  readonly json?: boolean;
  readonly strict?: boolean;
  readonly quiet?: boolean;
}

/**
 * Makes `superorch buildr validate`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function validateCommand(output: Output): CommandUnknownOpts {
  return new Command("validate")
    .description("Check the manifest, and show every mistake at once; no engine is asked.")
    .option("--path <directory>", "the project; default: here")
    .option("-f, --file <file>", "the manifest; default: .buildr, .buildr.yml or .buildr.yaml")
    .addOption(
      new Option("--format <format>", "text, json, or github for annotations")
        .choices(["text", "json", "github"]).default("text"),
    )
    .option("--json", "same as --format json")
    .option("--strict", "what is doubtful is a mistake too")
    .option("-q, --quiet", "only the exit code")
    .action(async (...words) => {
      const flags = words[0] as ValidateFlags;
      const format = flags.json === true ? "json" : flags.format;
      const { manifest, diagnostics } = await check(flags);
      const failed = manifest === undefined || (flags.strict === true && diagnostics.length > 0);
      if (flags.quiet !== true) show(manifest, diagnostics, format, output);
      if (failed) throw new ExitCode(EXIT.usage);
    }) as unknown as CommandUnknownOpts;
}

async function check(
  { path, file }: ValidateFlags,
): Promise<{ readonly manifest?: Manifest; readonly diagnostics: readonly Diagnostic[] }> {
  try {
    const manifest = await loadManifest({
      ...(path === undefined ? {} : { path }),
      ...(file === undefined ? {} : { file }),
    });
    return { manifest, diagnostics: manifest.warnings };
  } catch (error) {
    if (error instanceof DiagnosticsError) return { diagnostics: error.diagnostics };
    throw error;
  }
}

function show(
  manifest: Manifest | undefined,
  diagnostics: readonly Diagnostic[],
  format: ValidateFlags["format"],
  { out, err }: Output,
): void {
  if (format === "json") {
    out.write(
      formatJson({ valid: manifest !== undefined, diagnostics: plainDiagnostics(diagnostics) }),
    );
    return;
  }
  if (format === "github") {
    if (diagnostics.length > 0) out.write(`${renderGithub(diagnostics)}\n`);
    return;
  }
  if (diagnostics.length > 0) {
    err.write(`${renderDiagnostics(diagnostics, { colour: err.colour })}\n`);
  }
  const mistakes = diagnostics.filter(({ severity }) => severity === "error").length;
  const doubts = diagnostics.length - mistakes;
  if (manifest === undefined) {
    err.write(`${counted(mistakes, "mistake")}, ${counted(doubts, "warning")}\n`);
    return;
  }
  const { version, stages, source } = manifest;
  const warnings = doubts === 0 ? "" : `, ${counted(doubts, "warning")}`;
  out.write(
    `${escapeControl(source.file)}: version ${version}, ${counted(stages.length, "stage")}, ` +
      `no mistakes${warnings}\n`,
  );
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
