/** What kind of project it is, and how it is built. */
export interface ProjectKind {
  /** For programs and for `--kind`. */
  readonly name: string;
  /** For people: `a Node project (package-lock.json)`. */
  readonly title: string;
  /** The image to build it in. */
  readonly image: string;
  /** What makes the container ready: `prepare`. */
  readonly prepare: readonly string[];
  /** Files that `prepare` depends on; its outcome is kept while they do not change. */
  readonly inputs: readonly string[];
  /** Stages and their lines, in their order. */
  readonly stages: readonly { readonly name: string; readonly script: readonly string[] }[];
}

/** What a project has, for who looks at it. */
export interface ProjectFiles {
  /** Names of what is at the top of the project. */
  readonly names: ReadonlySet<string>;
  /** Reads a file at the top; empty when it is not there. */
  readonly read: (name: string) => Promise<string>;
}

/** The first of some names that is there. */
export function first(files: ProjectFiles, ...names: readonly string[]): string | undefined {
  return names.find((name) => files.names.has(name));
}

/** A name that ends so, the first in order. */
export function withSuffix(files: ProjectFiles, suffix: string): string | undefined {
  return [...files.names].sort().find((name) => name.endsWith(suffix));
}

/** A stage of some lines. */
export function stage(
  name: string,
  ...script: readonly string[]
): { readonly name: string; readonly script: readonly string[] } {
  return { name, script };
}

// Comments and trailing commas of jsonc are none of JSON's; a section is all that is looked for.
export async function sectionNames(
  files: ProjectFiles,
  file: string,
  section: string,
): Promise<readonly string[]> {
  const text = await files.read(file);
  try {
    const value = (JSON.parse(text) as Record<string, unknown> | null)?.[section];
    return typeof value === "object" && value !== null ? Object.keys(value) : [];
  } catch {
    const body = new RegExp(`"${section}"\\s*:\\s*\\{([^]*?)\\n\\s*\\}`).exec(text)?.[1] ?? "";
    return [...body.matchAll(/^\s*"([^"]+)"\s*:/gm)].map((one) => one[1]!);
  }
}
