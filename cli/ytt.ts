/**
 * The command line of the template engine: `superorch ytt …`, or `ytt …` under that name.
 *
 * Permissions: `--allow-read` for the input, `--allow-env` for `--data-values-env`, `--allow-write`
 * for `--output-files`.
 *
 * @module
 */
import process from "node:process";
import type { Command, CommandUnknownOpts } from "../lib/deps/commander.ts";
import { YttError } from "../lib/ytt/workspace/error.ts";
import type { RenderOptions } from "../lib/ytt/workspace/render.ts";
import { emptyFlags, type TemplateFlags, templateOptions } from "./_ytt_flags.ts";
import { indentedMessage } from "./_ytt_error.ts";
import { writeOutputFiles } from "./_ytt_output.ts";

/** What the command line needs of its surroundings. */
export interface YttIo {
  /** Writes results. */
  readonly stdout: (text: string) => void;
  /** Writes errors, and what templates print. */
  readonly stderr: (text: string) => void;
  /** Reads all of standard input. */
  readonly stdin: () => Promise<Uint8Array>;
  /** The environment for `--data-values-env`. */
  readonly env: Readonly<Record<string, string>>;
  /** The name in the help text. Default: `ytt`. */
  readonly programName?: string;
}

/** The process's own streams. */
export function processIo(programName = "ytt"): YttIo {
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    stdin: async () =>
      new Uint8Array(await new Response(process.stdin as unknown as BodyInit).arrayBuffer()),
    env: process.env as Record<string, string>,
    programName,
  };
}

/** Runs the command line; returns the exit code. */
export async function run(args: readonly string[], io: YttIo): Promise<number> {
  const { CommanderError } = await import("../lib/deps/commander.ts");
  try {
    const program = await yttCommand(io);
    await program.parseAsync(goStyle(args), { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    const text = error instanceof YttError ? error.describe() : (error as Error).message;
    io.stderr(`ytt: Error: ${indentedMessage(text)}\n`);
    return 1;
  }
}

/** Go's flag forms that commander does not know: `--strict=true`, `--strict=false`, `-f=path`. */
function goStyle(args: readonly string[]): string[] {
  return args.flatMap((arg) => {
    const flag = /^(--[a-z-]+)=(true|false)$/.exec(arg);
    if (flag !== null && switches.has(flag[1]!)) return flag[2] === "true" ? [flag[1]!] : [];
    const short = /^(-[fvo])=(.*)$/s.exec(arg);
    return short === null ? [arg] : [short[1]!, short[2]!];
  });
}

const switches = new Set([
  "--data-values-inspect",
  "--data-values-schema-inspect",
  "--dangerous-data-values-disable-validation",
  "--files-inspect",
  "--ignore-unknown-comments",
  "--implicit-map-key-overrides",
  "--strict",
  "--dangerous-allow-all-symlink-destinations",
  "--debug",
]);

/** The command, for mounting below another one. Failures of a run are thrown. */
export async function yttCommand(io: YttIo): Promise<Command> {
  const { Command } = await import("../lib/deps/commander.ts");
  const program = new Command(io.programName ?? "ytt");
  program.description("Templates YAML: structure-aware templates, overlays, data values")
    .exitOverride()
    .configureOutput({
      writeOut: io.stdout,
      writeErr: io.stderr,
      outputError: (text, write) => write(`ytt: Error: ${text.replace(/^error: /, "")}`),
    })
    .enablePositionalOptions();
  addTemplateFlags(program).action(() => template(program.opts() as unknown as TemplateFlags, io));
  const sub = program.command("template").aliases(["t", "tpl"]).description(
    "Process YAML templates",
  );
  addTemplateFlags(sub).action(() => template(sub.opts() as unknown as TemplateFlags, io));
  program.command("fmt").description("Format YAML files")
    .option("-f, --file <path>", "file or directory; - is standard input", collect)
    .action((flags: { file?: string[] }) => format(flags.file ?? [], io));
  program.command("version").description("Print the version").action(async () => {
    const { version } = await import("../lib/ytt/version.ts");
    io.stdout(`ytt version ${version}\n`);
  });
  return program;
}

function addTemplateFlags(command: CommandUnknownOpts): CommandUnknownOpts {
  const list = (flags: string, description: string) => command.option(flags, description, collect);
  list("-f, --file <path>", "file, directory or - (also newname=path); may be repeated");
  list("-v, --data-value <key=value>", "set a data value to a string");
  list("--data-value-yaml <key=value>", "set a data value to YAML");
  list("--data-value-file <key=path>", "set a data value to the contents of a file");
  list("--data-values-file <path>", "set data values from a file or directory of plain YAML");
  list("--data-values-env <prefix>", "set data values from environment variables, as strings");
  list("--data-values-env-yaml <prefix>", "set data values from environment variables, as YAML");
  command.option("--data-values-inspect", "print the final data values");
  command.option("--data-values-schema-inspect", "print the schema (with -o openapi-v3)");
  command.option(
    "--dangerous-data-values-disable-validation",
    "skip the validations of the schema",
  );
  list("-o, --output <format>", "yaml, json, pos; or openapi-v3 for the schema");
  command.option("--output-files <directory>", "write results into files below a directory");
  command.option("--dangerous-emptied-output-directory <directory>", "the same, emptying it first");
  list("--file-mark <path:key=value>", "change how a file is read");
  command.option("--files-inspect", "print the input files");
  command.option("--ignore-unknown-comments", "pass over comments that are not ytt's");
  command.option("--implicit-map-key-overrides", "let later map keys replace earlier ones");
  command.option("-s, --strict", "refuse scalars that YAML 1.1 and 1.2 read differently");
  list("--allow-symlink-destination <path>", "a place that links may lead to");
  command.option("--dangerous-allow-all-symlink-destinations", "follow links to any file");
  command.option("--debug", "accepted for compatibility");
  return command;
}

function collect(value: string, previous: string[] | undefined): string[] {
  return [...previous ?? [], value];
}

async function template(given: TemplateFlags, io: YttIo): Promise<void> {
  const flags = { ...emptyFlags, ...given };
  const options = await templateOptions(flags, io);
  const ytt = await import("../lib/ytt/mod.ts");
  if (flags.filesInspect) {
    io.stdout(options.files.map(({ path }) => `- ${path}\n`).join(""));
    return;
  }
  const formats = flags.output.filter((name) => name !== "openapi-v3");
  const format = formats[formats.length - 1] ?? "yaml";
  if (format !== "yaml" && format !== "json" && format !== "pos") {
    throw new YttError(`Unknown output type '${format}' (expected yaml, json or pos)`);
  }
  if (flags.dataValuesSchemaInspect) {
    if (!flags.output.includes("openapi-v3")) {
      throw new YttError(
        "Data values schema export only supported in OpenAPI v3 format; specify format with " +
          "--output=openapi-v3 flag",
      );
    }
    io.stdout(await ytt.inspectSchema(options));
  } else if (flags.dataValuesInspect) {
    io.stdout(await ytt.inspectValues(options, format));
  } else {
    await output(options, flags, format, io);
  }
}

async function output(
  options: RenderOptions,
  flags: TemplateFlags,
  format: "yaml" | "json" | "pos",
  io: YttIo,
): Promise<void> {
  const ytt = await import("../lib/ytt/mod.ts");
  const result = await ytt.render(options);
  const directory = flags.dangerousEmptiedOutputDirectory ?? flags.outputFiles;
  if (directory === undefined) {
    io.stdout(result.output(format));
  } else {
    const empty = flags.dangerousEmptiedOutputDirectory !== undefined;
    await writeOutputFiles(result.files, directory, { empty, format, log: io.stdout });
  }
}

async function format(paths: readonly string[], io: YttIo): Promise<void> {
  const { formatYaml, readFiles } = await import("../lib/ytt/mod.ts");
  const { WorkFile } = await import("../lib/ytt/workspace/file.ts");
  if (paths.length === 0) throw new YttError("Expected at least one file (hint: use -f)");
  const stdin = paths.some((path) => path === "-" || path.endsWith("=-"))
    ? await io.stdin()
    : undefined;
  const files = await readFiles(paths, stdin === undefined ? {} : { stdin });
  for (const input of files) {
    const file = new WorkFile(input);
    if (file.type !== "yaml") continue;
    try {
      io.stdout(await formatYaml(file.text(), file.path));
    } catch (error) {
      const context = `Unmarshaling YAML template '${file.path}'`;
      throw new YttError((error as Error).message, { context, cause: error });
    }
  }
}
