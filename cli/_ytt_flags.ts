/** From the flags of the ytt command to the options of the library. */
import type { InputFile } from "../lib/ytt/workspace/file.ts";
import type { RenderOptions } from "../lib/ytt/workspace/render.ts";
import { YttError } from "../lib/ytt/workspace/error.ts";
import { readFiles } from "../lib/ytt/workspace/read_files.ts";
import type { YttIo } from "./ytt.ts";

/** The flags as commander gives them. */
export interface TemplateFlags {
  readonly file: readonly string[];
  readonly dataValue: readonly string[];
  readonly dataValueYaml: readonly string[];
  readonly dataValueFile: readonly string[];
  readonly dataValuesFile: readonly string[];
  readonly dataValuesEnv: readonly string[];
  readonly dataValuesEnvYaml: readonly string[];
  readonly dataValuesInspect?: boolean;
  readonly dangerousDataValuesDisableValidation?: boolean;
  readonly dataValuesSchemaInspect?: boolean;
  readonly output: readonly string[];
  readonly outputFiles?: string;
  readonly dangerousEmptiedOutputDirectory?: string;
  readonly fileMark: readonly string[];
  readonly filesInspect?: boolean;
  readonly ignoreUnknownComments?: boolean;
  readonly implicitMapKeyOverrides?: boolean;
  readonly strict?: boolean;
  readonly allowSymlinkDestination: readonly string[];
  readonly dangerousAllowAllSymlinkDestinations?: boolean;
}

/** The flags when none is given. */
export const emptyFlags: TemplateFlags = {
  file: [],
  dataValue: [],
  dataValueYaml: [],
  dataValueFile: [],
  dataValuesFile: [],
  dataValuesEnv: [],
  dataValuesEnvYaml: [],
  output: [],
  fileMark: [],
  allowSymlinkDestination: [],
};

/** Reads what the flags name. */
export async function templateOptions(flags: TemplateFlags, io: YttIo): Promise<RenderOptions> {
  if (flags.file.length === 0) {
    throw new YttError(
      "Expected at least one input file (hint: use -f to name files or directories)",
    );
  }
  const stdin = flags.file.some((path) => path === "-" || path.endsWith("=-"))
    ? await io.stdin()
    : undefined;
  const links = {
    allowSymlinks: flags.dangerousAllowAllSymlinkDestinations ?? false,
    allowedSymlinks: flags.allowSymlinkDestination,
  };
  return {
    files: await readFiles(flags.file, stdin === undefined ? links : { ...links, stdin }),
    fileMarks: flags.fileMark,
    ignoreUnknownComments: flags.ignoreUnknownComments ?? false,
    implicitMapKeyOverrides: flags.implicitMapKeyOverrides ?? false,
    strict: flags.strict ?? false,
    dataValues: flags.dataValue,
    dataValuesYaml: flags.dataValueYaml,
    dataValuesEnv: flags.dataValuesEnv,
    dataValuesEnvYaml: flags.dataValuesEnvYaml,
    dataValuesFiles: await valueFiles(flags.dataValuesFile, links),
    dataValueFiles: await keyedFiles(flags.dataValueFile, links),
    env: io.env,
    skipValidation: flags.dangerousDataValuesDisableValidation ?? false,
    print: (text) => io.stderr(`${text}\n`),
  };
}

type Links = { readonly allowSymlinks: boolean; readonly allowedSymlinks: readonly string[] };

/** `path`, or `@library:path`; a directory gives its YAML files. */
async function valueFiles(paths: readonly string[], links: Links): Promise<InputFile[]> {
  const found: InputFile[] = [];
  for (const argument of paths) {
    const match = /^(@[^:]+:)(.*)$/.exec(argument);
    const prefix = match?.[1] ?? "";
    const path = match?.[2] ?? argument;
    for (const file of await readFiles([path], links)) {
      const single = path.endsWith(file.path);
      if (!single && !/\.(ya?ml)$/.test(file.path)) continue;
      found.push({
        path: prefix + (single ? path : `${path.replace(/\/+$/, "")}/${file.path}`),
        data: file.data,
      });
    }
  }
  return found;
}

async function keyedFiles(
  pairs: readonly string[],
  links: Links,
): Promise<{ key: string; file: InputFile }[]> {
  const found: { key: string; file: InputFile }[] = [];
  for (const pair of pairs) {
    const index = pair.indexOf("=");
    if (index < 0) throw new YttError(`Expected format key=path, but was '${pair}'`);
    const [file] = await readFiles([pair.slice(index + 1)], links);
    if (file !== undefined) found.push({ key: pair.slice(0, index), file });
  }
  return found;
}
