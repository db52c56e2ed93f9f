import { OrchestraError } from "../errors.ts";
import { isMissing } from "../installed/complete_transaction.ts";
import { type Configuration, sanitize } from "../model.ts";
import { isInside, relativePath } from "../_path.ts";
import { isThere } from "./directories.ts";

/**
 * Where the sources of a component are: at its name, unless the clone of another repository is
 * there. Then it is its own clone, or, without a repository, the name with `@sources`.
 *
 * @param configuration Where sources are.
 * @param component Name of the component.
 * @returns Absolute path.
 */
export function sourceDirectory(configuration: Configuration, component: string): string {
  const { sourcesDir } = configuration.paths;
  const place = sanitize(component);
  const own = configuration.components.get(component)?.repository ?? null;
  if (own === place || !repositoriesOf(configuration).tops.has(place)) {
    return `${sourcesDir}/${place}`;
  }
  return own === null ? `${sourcesDir}/${place}@sources` : repositoryDirectory(configuration, own);
}

interface Repositories {
  /** All that components name. */
  readonly names: ReadonlySet<string>;
  /** The first parts of these names. */
  readonly tops: ReadonlySet<string>;
}

const REPOSITORIES = new WeakMap<Configuration, Repositories>();

function repositoriesOf(configuration: Configuration): Repositories {
  const known = REPOSITORIES.get(configuration);
  if (known !== undefined) return known;
  const names = [...configuration.components.values()].flatMap(({ repository }) =>
    repository ?? []
  );
  const found = {
    names: new Set(names),
    tops: new Set(names.map((name) => name.replace(/\/.*$/s, ""))),
  };
  REPOSITORIES.set(configuration, found);
  return found;
}

/**
 * Where a repository is cloned, which several components may share.
 *
 * @param configuration Where sources are.
 * @param repository Name of the repository.
 * @returns Absolute path.
 */
export function repositoryDirectory(configuration: Configuration, repository: string): string {
  return `${configuration.paths.sourcesDir}/${repository}`;
}

/**
 * Whether a repository is cloned. A link that {@linkcode linkSources} has made there, before any
 * component had this repository, is no clone.
 *
 * @param configuration Where sources are.
 * @param repository Name of the repository.
 */
export function isCloned(configuration: Configuration, repository: string): boolean {
  const directory = repositoryDirectory(configuration, repository);
  return isThere(directory) && !isLinkToAnother(configuration, repository);
}

/**
 * Whether a link to the clone of another repository is where a repository is to be cloned.
 *
 * @param configuration Where sources are.
 * @param repository Name of the repository.
 */
export function isLinkToAnother(configuration: Configuration, repository: string): boolean {
  const target = linkTarget(repositoryDirectory(configuration, repository));
  return target !== undefined && target !== repository &&
    repositoriesOf(configuration).names.has(target);
}

/**
 * Lets the directory of a component's sources lead to the clone that it shares with others.
 *
 * @param configuration Where sources are.
 * @param component Name of the component.
 * @throws {OrchestraError} when something else is there: other sources would be built.
 */
export async function linkSources(configuration: Configuration, component: string): Promise<void> {
  const repository = configuration.components.get(component)?.repository ?? null;
  if (repository === null) return;
  const link = sourceDirectory(configuration, component);
  const clone = repositoryDirectory(configuration, repository);
  if (link === clone || !isThere(clone)) return;
  const target = relativePath(configuration.paths.sourcesDir, clone);
  if (isThere(link)) {
    const there = linkTarget(link);
    if (there === undefined) {
      throw new OrchestraError(
        `Cannot link ${
          JSON.stringify(link)
        } to the clone of ${repository}: a directory is there, ` +
          "with sources of something else. Move it away, or remove it",
      );
    }
    // What leads out of the sources is the user's own link.
    if (there === target || !isInside(there)) return;
    await Deno.remove(link); // made when the component had another repository
  }
  await Deno.symlink(target, link).catch((error) => {
    // Another action of the same repository was faster.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
}

function linkTarget(path: string): string | undefined {
  try {
    return Deno.lstatSync(path).isSymlink ? Deno.readLinkSync(path) : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
