import { OrchestraError } from "../errors.ts";
import { isMissing } from "../installed/complete_transaction.ts";
import type { Configuration, Hashes, World } from "../model.ts";
import { baseName, joinPath, parentPath } from "../_path.ts";
import { archiveRemotes } from "./remote.ts";
import { candidates } from "./find_archive.ts";

/** A link to the current archive of a build. */
export interface ArchiveLink {
  /** Name of the component. */
  readonly component: string;
  /** Name of the build. */
  readonly build: string;
  /** Absolute path of the link. */
  readonly link: string;
  /** Name of the archive in the same directory. */
  readonly archive: string;
}

/** What links are made from. */
export interface SymlinkArchivesOptions {
  /** Names components and remotes. */
  readonly configuration: Configuration;
  /** Which commits repositories are at. */
  readonly world: Pick<World, "commits">;
  /** The hashes of the components. */
  readonly hashes: Hashes;
  /** Is told of each build before it is looked at. */
  readonly onBuild?: (qualifiedName: string) => void;
}

/**
 * Lets a name lead to the current archive of every build that has one, in every remote: branches of
 * a configuration keep the archives alive that they need that way.
 *
 * Permissions: `--allow-read` and `--allow-write` of the archives.
 *
 * @param name The name, without the ending.
 * @param options Where to look.
 * @returns The links.
 * @throws {OrchestraError} when the name is not one of a file.
 */
export async function symlinkArchives(
  name: string,
  { configuration, world, hashes, onBuild }: SymlinkArchivesOptions,
): Promise<readonly ArchiveLink[]> {
  if (name === "" || name.startsWith(".") || /[/\0]/.test(name)) {
    throw new OrchestraError(
      `Cannot link archives as ${JSON.stringify(name)}: it must be the name of a file`,
    );
  }
  const links: ArchiveLink[] = [];
  for (const component of configuration.components.values()) {
    for (const build of component.builds.keys()) {
      const target = { component: component.name, build };
      onBuild?.(`${component.name}@${build}`);
      const hash = hashes.recursiveHash(component.name);
      for (const path of candidates(configuration, world.commits, target, hash)) {
        const extension = path.slice(path.lastIndexOf(".tar"));
        for (const remote of archiveRemotes(configuration)) {
          const archive = joinPath(remote.directory, path);
          if (!await isFile(archive)) continue;
          const link = joinPath(parentPath(archive), `${name}${extension}`);
          await replaceLink(link, baseName(archive));
          links.push({ ...target, link, archive: baseName(archive) });
        }
      }
    }
  }
  return links;
}

async function replaceLink(link: string, target: string): Promise<void> {
  // Nobody finds the name missing meanwhile.
  const temporary = `${link}.${crypto.randomUUID()}`;
  await Deno.symlink(target, temporary);
  try {
    await Deno.rename(temporary, link);
  } catch (error) {
    await Deno.remove(temporary);
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
