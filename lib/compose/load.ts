import { Diagnostics, type SourceText } from "../diagnostics/mod.ts";
import { findComposeFiles, isFile } from "./_discover.ts";
import { parseEnvFile } from "./env_file.ts";
import { ComposeInputError } from "./errors.ts";
import { type FileContext, readFailure, readSource, shown } from "./_files.ts";
import type { ReadVariable } from "./interpolate.ts";
import { loadTree } from "./_load_tree.ts";
import { absolutePath, directoryOf } from "./_paths.ts";
import type { LoadOptions, Project } from "./project.ts";
import { nameInFile, nameOfDirectory, requireProjectName } from "./_project_name.ts";
import { readProject } from "./_read_project.ts";
import { Reader } from "./_reader.ts";

/**
 * Reads a project: finds its files, replaces variables, follows `extends` and `include`, merges,
 * checks everything and writes it out in its canonical form.
 *
 * Permissions: `--allow-read` of the files and of the directories above; `--allow-env` unless `env`
 * is given.
 *
 * @param options Where to look.
 * @returns The project.
 * @throws {DiagnosticsError} with every mistake of every file at once.
 * @throws {ComposeInputError} when there is no file, or the name of the project cannot be one.
 * @example
 * ```ts no-eval
 * import { loadComposeProject } from "@superorch/superorch/compose";
 *
 * const { model } = await loadComposeProject({ files: ["compose.yaml"] });
 * console.log(Object.keys(model.services));
 * ```
 */
export async function loadComposeProject(options: LoadOptions = {}): Promise<Project> {
  const { signal } = options;
  const env = options.env ?? Deno.env.toObject();
  const cwd = absolutePath(options.cwd ?? Deno.cwd(), Deno.cwd());
  const diagnostics = new Diagnostics();
  const context: FileContext = {
    diagnostics,
    warned: new Set(),
    cwd,
    home: env["HOME"],
    sources: new Map(),
    sought: new Set(),
    signal,
  };
  const own: ReadVariable = (name) => Object.hasOwn(env, name) ? env[name] : undefined;
  // COMPOSE_FILE itself may stand in the .env of the working directory.
  const quiet = { ...context, diagnostics: new Diagnostics() };
  const early = await readEnvFiles(envPaths(options, cwd, own), own, quiet);
  const paths = await findComposeFiles(
    options.files,
    cwd,
    (name) => own(name) ?? early.get(name),
    context.sought,
  );
  const files = await Promise.all(paths.map(async (path) => ({
    path,
    source: await requireSource(path, context),
  })));
  const directory = options.projectDirectory !== undefined
    ? absolutePath(options.projectDirectory, cwd)
    : paths[0] === "-"
    ? cwd
    : directoryOf(paths[0]!);
  const variables = await readEnvFiles(envPaths(options, directory, own), own, context);
  let name = options.projectName !== undefined
    ? requireProjectName(options.projectName, "the command line")
    : undefined;
  const fromVariable = own("COMPOSE_PROJECT_NAME") || variables.get("COMPOSE_PROJECT_NAME");
  if (name === undefined && fromVariable) {
    name = requireProjectName(fromVariable, "COMPOSE_PROJECT_NAME");
  }
  const read: ReadVariable = (variable) =>
    variable === "COMPOSE_PROJECT_NAME" && name !== undefined
      ? name
      : own(variable) ?? variables.get(variable);
  const reader = new Reader(diagnostics, read, options.unsupported);
  const isNamed = name !== undefined;
  if (!isNamed) name = nameWithout(files.map(({ source }) => source), directory);
  const tree = await loadTree({ files, directory, read, chain: [] }, context, (file) => {
    const inFile = nameInFile(file, reader);
    if (!isNamed && inFile !== undefined) name = inFile;
  });
  const profiles = options.profiles !== undefined && options.profiles.length > 0
    ? options.profiles
    : (own("COMPOSE_PROFILES") ?? variables.get("COMPOSE_PROFILES") ?? "").split(",")
      .map((profile) => profile.trim()).filter((profile) => profile !== "");
  const result = await readProject(tree, {
    name: name!,
    profiles,
    services: options.services ?? [],
    reader,
    context,
  });
  const what = files.map(({ source }) => `"${source.file}"`).join(", ");
  diagnostics.throwIfErrors(`Cannot use ${what}`);
  return {
    name: name!,
    ...result,
    directory,
    files: paths,
    inputs: [...new Set([...context.sources.keys(), ...context.sought])],
    warnings: diagnostics.warnings,
  };
}

// Variables within the file may refer to the name, so the last plain `name:` is looked for first.
function nameWithout(sources: readonly SourceText[], directory: string): string | undefined {
  for (const { text } of sources.toReversed()) {
    const found = /^name:[ \t]*(["']?)([a-z0-9][-_a-z0-9]*)\1[ \t]*(?:#.*)?\r?$/m.exec(text);
    if (found !== null) return found[2];
    if (/^name:/m.test(text)) return undefined;
  }
  return nameOfDirectory(directory);
}

function envPaths(
  options: LoadOptions,
  directory: string,
  read: ReadVariable,
): readonly { readonly path: string; readonly required: boolean }[] {
  const cwd = options.cwd ?? Deno.cwd();
  const named = options.envFiles ??
    (read("COMPOSE_ENV_FILES") || undefined)?.split(",").map((path) => path.trim());
  if (named !== undefined && named.length > 0) {
    return named.map((path) => ({ path: absolutePath(path, cwd), required: true }));
  }
  if (/^(?:1|true)$/i.test(read("COMPOSE_DISABLE_ENV_FILE") ?? "")) return [];
  return [{ path: `${directory}/.env`, required: false }];
}

async function readEnvFiles(
  paths: readonly { readonly path: string; readonly required: boolean }[],
  own: ReadVariable,
  context: FileContext,
): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  for (const { path, required } of paths) {
    if (!required && !await isFile(path, context.sought)) continue;
    const source = await requireSource(path, context);
    const read: ReadVariable = (name) => own(name) ?? values.get(name);
    for (const [name, value] of parseEnvFile(source, context.diagnostics, { read })) {
      values.set(name, value);
    }
  }
  return values;
}

async function requireSource(path: string, context: FileContext): Promise<SourceText> {
  try {
    return await readSource(path, context);
  } catch (error) {
    context.signal?.throwIfAborted();
    throw new ComposeInputError(
      `Cannot read "${shown(path, context.cwd)}": ${readFailure(error)}`,
      { cause: error },
    );
  }
}
