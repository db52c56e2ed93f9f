import { writeAtomic } from "../../files/mod.ts";
import { OrchestraError } from "../errors.ts";
import type { Configuration, World } from "../model.ts";
import { joinPath } from "../_path.ts";
import { repositoriesOf } from "./update.ts";

/**
 * The file in which the commits of all repositories are written down; it belongs into the
 * repository of the configuration.
 *
 * @param configuration The configuration.
 * @returns Absolute path.
 */
export function lockFilePath(configuration: Configuration): string {
  return joinPath(configuration.paths.dotdir, "orchestra.lock.json");
}

/** What was written down. */
export interface LockFile {
  /** Branch and commit of each repository, sorted by name. */
  readonly repositories: Readonly<
    Record<string, { readonly branch: string | null; readonly commit: string }>
  >;
  /** Repositories whose commit is not known, and that are left out. */
  readonly unknown: readonly string[];
}

/**
 * Writes down the commits that the repositories of all components are at.
 *
 * @param configuration The repositories.
 * @param world The commits.
 * @returns What was written.
 */
export async function writeLockFile(
  configuration: Configuration,
  world: World,
): Promise<LockFile> {
  const repositories: Record<string, { branch: string | null; commit: string }> = {};
  const unknown: string[] = [];
  for (const name of repositoriesOf(configuration)) {
    const { branch, commit } = world.commits.head(name);
    if (commit === null) unknown.push(name);
    else repositories[name] = { branch, commit };
  }
  const text = `${JSON.stringify({ version: 1, repositories }, null, 2)}\n`;
  await writeAtomic(lockFilePath(configuration), text);
  return { repositories, unknown };
}

/**
 * Reads the commits that were written down.
 *
 * @param configuration Where the file is.
 * @returns The commit of each repository.
 * @throws {OrchestraError} when there is no such file, or it is broken.
 */
export async function readLockFile(
  configuration: Configuration,
): Promise<ReadonlyMap<string, string>> {
  const path = lockFilePath(configuration);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new OrchestraError(`Cannot read ${JSON.stringify(path)}: run \`orc lock\` first`);
  }
  const broken = (reason: string) =>
    new OrchestraError(`Cannot use ${JSON.stringify(path)}: ${reason}. Run \`orc lock\` again`);
  let value: { version?: unknown; repositories?: unknown };
  try {
    value = JSON.parse(text);
  } catch {
    throw broken("it is not JSON");
  }
  if (value?.version !== 1) throw broken("it was written by another version");
  const commits = new Map<string, string>();
  for (const [name, entry] of Object.entries(value.repositories ?? {})) {
    const commit = (entry as { commit?: unknown } | null)?.commit;
    if (typeof commit !== "string" || !/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(commit)) {
      throw broken(`the commit of ${JSON.stringify(name)} is none`);
    }
    commits.set(name, commit);
  }
  return commits;
}
