import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import {
  ComposeInputError,
  exportTypeScript,
  loadComposeProject,
  type LoadOptions,
  printConfig,
  type Project,
} from "../lib/compose/mod.ts";
import { DiagnosticsError, renderDiagnostics } from "../lib/diagnostics/mod.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** Options that all commands about compose files share. */
export interface ComposeFlags {
  /** Files, later ones on top. */
  readonly file?: readonly string[];
  /** Name of the project. */
  readonly projectName?: string;
  /** What relative paths begin with. */
  readonly projectDirectory?: string;
  /** Active profiles. */
  readonly profile?: readonly string[];
  /** Files of variables. */
  readonly envFile?: readonly string[];
  /** Whether keys that cannot be done are left out, with a warning. */
  readonly leaveOutUnsupported?: boolean;
}

/**
 * Makes `superorch compose`.
 *
 * @param output Where it prints.
 * @returns The command, with `config` and `export` below it.
 */
export function composeCommand(output: Output): CommandUnknownOpts {
  const command = new Command("compose")
    .description("Look into compose files, and turn them into programs.");
  addComposeFlags(
    command.command("config").description(
      "Check the compose files and print them as one, with everything resolved.",
    ),
  )
    .option("--format <format>", "yaml or json", "yaml")
    .option("--json", "same as --format json")
    .option("-q, --quiet", "only check")
    .option("--services", "print the names of the services")
    .option("--volumes", "print the names of the volumes")
    .option("--networks", "print the names of the networks")
    .option("--images", "print the names of the images")
    .option("--profiles", "print the names of all profiles")
    .action(async (...words) => {
      const options = words[0] as ConfigFlags;
      if (options.format !== "yaml" && options.format !== "json") {
        throw new UsageError(`Cannot print as "${options.format}": it must be "yaml" or "json"`);
      }
      const project = await loadProject(options, output);
      if (options.quiet === true) return;
      output.out.write(textOf(project, options));
    });
  addComposeFlags(
    command.command("export").description(
      "Print a TypeScript program that does what the compose files do.",
    ),
  )
    .option("--import <specifier>", "what the module containers is imported from")
    .option("-o, --output <path>", "write it into a file; it belongs next to the compose file")
    .action(async (...words) => {
      const options = words[0] as ExportFlags;
      const project = await loadProject(options, output);
      const text = exportTypeScript(
        project,
        options.import === undefined ? {} : { importFrom: options.import },
      );
      if (options.output === undefined) output.out.write(text);
      else await writeNew(options.output, text);
    });
  return command as CommandUnknownOpts;
}

// Somebody may have gone on with what an earlier export wrote.
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new UsageError(`Cannot write "${path}": it exists already`);
  }
}

interface ConfigFlags extends ComposeFlags {
  readonly format: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly services?: boolean;
  readonly volumes?: boolean;
  readonly networks?: boolean;
  readonly images?: boolean;
  readonly profiles?: boolean;
}

interface ExportFlags extends ComposeFlags {
  readonly import?: string;
  readonly output?: string;
}

/** Adds the options that say which project is meant, as Compose has them. */
export function addComposeFlags(command: CommandUnknownOpts): CommandUnknownOpts {
  const collect = (value: string, before: readonly string[] = []) => [...before, value];
  return command
    .option("-f, --file <path>", "a compose file, later ones on top; - is standard input", collect)
    .option("-p, --project-name <name>", "name of the project")
    .option("--project-directory <path>", "what relative paths begin with")
    .option("--profile <name>", "activate a profile, * for all", collect)
    .option("--env-file <path>", "a file of variables, instead of .env", collect)
    .option(
      "--leave-out-unsupported",
      "warn about keys that superorch cannot do, and go on without them",
    ) as never;
}

/**
 * Reads the project that options mean, and shows warnings.
 *
 * @throws {UsageError} with every mistake, located; the exit code is 2.
 */
export async function loadProject(
  flags: ComposeFlags,
  output: Output,
  more: Pick<LoadOptions, "services"> = {},
): Promise<Project> {
  const { file, projectName, projectDirectory, profile, envFile, leaveOutUnsupported } = flags;
  const given = {
    files: file,
    projectName,
    projectDirectory,
    profiles: profile,
    envFiles: envFile,
    unsupported: leaveOutUnsupported === true ? "warning" : undefined,
    ...more,
  };
  const options = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as LoadOptions;
  const project = await asUsageErrors(output, () => loadComposeProject(options));
  if (project.warnings.length > 0) {
    output.err.write(`${renderDiagnostics(project.warnings, { colour: output.err.colour })}\n`);
  }
  return project;
}

/** Turns what is the user's mistake into an error that is printed as such. */
export async function asUsageErrors<T>(output: Output, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DiagnosticsError) {
      const [what] = error.message.split("\n");
      const text = renderDiagnostics(error.diagnostics, { colour: output.err.colour });
      throw new UsageError(`${what}\n${text}`);
    }
    if (error instanceof ComposeInputError) throw new UsageError(error.message);
    throw error;
  }
}

function textOf(project: Project, options: ConfigFlags): string {
  const { model } = project;
  const lines = (names: Iterable<string>) =>
    [...new Set(names)].sort().map((name) => `${name}\n`).join("");
  if (options.services) return lines(Object.keys(model.services));
  if (options.volumes) return lines(Object.keys(model.volumes ?? {}));
  if (options.networks) return lines(Object.keys(model.networks ?? {}));
  if (options.images) {
    return lines(
      Object.entries(model.services).map(([name, { image }]) => image ?? `${project.name}-${name}`),
    );
  }
  if (options.profiles) return lines(project.profiles);
  const format = options.json === true || options.format === "json" ? "json" : "yaml";
  return printConfig(project, { format });
}
