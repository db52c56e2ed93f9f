import { Diagnostics, SourceText } from "../../diagnostics/mod.ts";
import { emitYaml } from "../../yaml_tree/mod.ts";
import { MANIFEST_NAMES } from "../manifest/find.ts";
import { readManifest } from "../manifest/read_manifest.ts";
import { BuildrInputError } from "../input_error.ts";
import { detectProject, type ProjectKind } from "./detect.ts";

/** What a first manifest is written for. */
export interface InitOptions {
  /** Absolute path of the project. */
  readonly directory: string;
  /** Its kind, by name. Default: what its files say. */
  readonly kind?: string;
}

/** A first manifest. */
export interface InitResult {
  /** Text of a manifest of version 2. */
  readonly text: string;
  /** What kind it was written for; `undefined` when nobody knows. */
  readonly kind: ProjectKind | undefined;
  /** Other kinds that would fit. */
  readonly others: readonly ProjectKind[];
}

/**
 * Makes a first manifest for a project, from the files at its top. Nothing is written.
 *
 * Permissions: `--allow-read` of the project.
 *
 * @param options The project.
 * @returns A manifest that our validator takes.
 * @throws {BuildrInputError} when there is no such directory, or it is not of the kind asked for.
 */
export async function initManifest(options: InitOptions): Promise<InitResult> {
  const { directory } = options;
  const names = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(directory)) names.add(name);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such directory"
      : error instanceof Deno.errors.NotADirectory
      ? "it is not a directory"
      : (error as Error).message;
    throw new BuildrInputError(`Cannot read ${JSON.stringify(directory)}: ${reason}`);
  }
  const read = async (name: string): Promise<string> => {
    if (!names.has(name)) return "";
    try {
      return await Deno.readTextFile(`${directory}/${name}`);
    } catch {
      // A directory, or nothing that may be read: then it says nothing.
      return "";
    }
  };
  const kinds = await detectProject({ names, read });
  const { kind: wanted } = options;
  const kind = wanted === undefined ? kinds[0] : kinds.find(({ name }) => name === wanted);
  if (wanted !== undefined && kind === undefined) {
    const fitting = kinds.map(({ name }) => `"${name}"`).join(", ") || "none that is known";
    throw new BuildrInputError(
      `Cannot write a manifest for ${JSON.stringify(wanted)}: the project is of kind ${fitting}`,
    );
  }
  const text = textFor(kind);
  const diagnostics = new Diagnostics();
  const source = new SourceText(".buildr.yml", text);
  await readManifest(source, { path: `${directory}/.buildr.yml`, directory }, diagnostics);
  diagnostics.throwIfErrors("Cannot write a manifest");
  return { text, kind, others: kinds.filter((one) => one !== kind) };
}

/**
 * Tells which manifest a project has already.
 *
 * @param directory Absolute path of the project.
 * @returns Its name; `undefined` when there is none.
 */
export async function existingManifest(directory: string): Promise<string | undefined> {
  for (const name of MANIFEST_NAMES) {
    try {
      if (!(await Deno.lstat(`${directory}/${name}`)).isDirectory) return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

const HEAD = "# yaml-language-server: $schema=./.buildr-out/schema.json\n";

function textFor(kind: ProjectKind | undefined): string {
  if (kind === undefined) {
    return `${HEAD}# What kind of project this is could not be told: fill in the image and the lines.\n` +
      emitYaml({ version: 2, image: "debian:12", stages: ["build", "test"] }) +
      `\nbuild:\n  script:\n    - echo "build it here"\n\ntest:\n  script:\n    - echo "test it here"\n`;
  }
  const { title, image, prepare, inputs, stages } = kind;
  const parts = [
    `${HEAD}# Written for ${title}. "superorch buildr" runs it; "superorch buildr list" shows it.\n` +
    emitYaml({ version: 2, image, stages: stages.map(({ name }) => name) }),
  ];
  if (prepare.length > 0) {
    const snapshot = inputs.length === 0 ? {} : { snapshot: { inputs } };
    const why = inputs.length === 0
      ? "# Runs first.\n"
      : "# Runs first; its outcome is kept until one of the inputs changes.\n";
    parts.push(why + emitYaml({ prepare: { script: prepare, ...snapshot } }));
  }
  for (const { name, script } of stages) parts.push(emitYaml({ [name]: { script } }));
  return parts.join("\n");
}
