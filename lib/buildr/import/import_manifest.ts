import { SourceText } from "../../diagnostics/mod.ts";
import { BuildrInputError } from "../input_error.ts";
import type { ImportResult } from "./draft.ts";

/** Systems whose files can be imported. */
export type ImportKind = "gitlab" | "travis";

/** Files that are looked for, when none is named. */
const KNOWN: readonly (readonly [string, ImportKind])[] = [
  [".gitlab-ci.yml", "gitlab"],
  [".gitlab-ci.yaml", "gitlab"],
  [".travis.yml", "travis"],
  [".travis.yaml", "travis"],
];

/** Files of systems that are not read, by what they are called. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\/)\.github\/workflows\//, "GitHub Actions"],
  [/(?:^|\/)Jenkinsfile|\.jenkinsfile$/i, "Jenkins"],
  [/bamboo/i, "Bamboo"],
  [/(?:^|\/)\.circleci\//, "CircleCI"],
  [/azure-pipelines/, "Azure Pipelines"],
  [/bitbucket-pipelines/, "Bitbucket Pipelines"],
  [/(?:^|\/)\.?(?:drone|woodpecker)[./]/, "Drone and Woodpecker"],
];

/** What is imported. */
export interface ImportManifestOptions {
  /** Absolute path of the project. */
  readonly directory: string;
  /** The file, below the project. Default: the first known one that is there. */
  readonly file?: string;
  /** Whose file it is. Default: what its name says. */
  readonly kind?: ImportKind;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/**
 * Makes a manifest of the file of another system.
 *
 * Permissions: `--allow-read` of the project.
 *
 * @param options What is imported.
 * @returns The text of a manifest of version 2, and notes about what could not be mapped.
 * @throws {BuildrInputError} when there is no such file, or nobody knows whose it is.
 * @throws {DiagnosticsError} when the file has mistakes.
 */
export async function importManifest(options: ImportManifestOptions): Promise<ImportResult> {
  const { directory, signal } = options;
  const read = async (path: string): Promise<string | undefined> => {
    try {
      return await Deno.readTextFile(path.startsWith("/") ? path : `${directory}/${path}`, {
        signal,
      });
    } catch (error) {
      signal?.throwIfAborted();
      const isAbsent = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.IsADirectory;
      if (isAbsent) return undefined;
      throw new BuildrInputError(`Cannot read "${path}": ${(error as Error).message}`, {
        cause: error,
      });
    }
  };
  let { file } = options;
  let text: string | undefined;
  for (const name of file === undefined ? KNOWN.map(([name]) => name) : [file]) {
    text = await read(name);
    if (text === undefined) continue;
    file = name;
    break;
  }
  if (file === undefined || text === undefined) {
    const what = file === undefined
      ? `there is none of ${KNOWN.map(([name]) => `"${name}"`).join(", ")}`
      : `there is no file "${file}"`;
    throw new BuildrInputError(`Cannot import into ${JSON.stringify(directory)}: ${what}`);
  }
  const base = file.slice(file.lastIndexOf("/") + 1);
  const kind = options.kind ?? KNOWN.find(([name]) => name === base)?.[1] ??
    (/gitlab/.test(file) ? "gitlab" : /travis/.test(file) ? "travis" : undefined);
  const other = OTHERS.find(([name]) => name.test(file))?.[1];
  if (kind === undefined && other !== undefined) {
    throw new BuildrInputError(
      `Cannot import "${file}": it is for ${other}, and what is read are the files of GitLab and Travis`,
    );
  }
  if (kind === undefined) {
    throw new BuildrInputError(
      `Cannot import "${file}": its name does not say whose it is; add "--kind gitlab" or ` +
        `"--kind travis"`,
    );
  }
  const source = new SourceText(file, text);
  if (kind === "gitlab") {
    const { importGitlab } = await import("./gitlab.ts");
    return await importGitlab(source, { directory, read });
  }
  const { importTravis } = await import("./travis.ts");
  return await importTravis(source, { directory, read });
}
