import { OrchestraError } from "../errors.ts";
import { joinPath } from "../_path.ts";
import type { Configuration, NamedUrl } from "../model.ts";

/**
 * A place where archives come from. Whatever kind it is, its archives are kept in a directory of
 * its name below `paths.binary_archives`, at the same relative paths.
 */
export type ArchiveRemote =
  & {
    /** Its name in the configuration. */
    readonly name: string;
    /** Where its archives are, or are kept, on this machine. */
    readonly directory: string;
  }
  & (
    /** A git repository, mostly with git-lfs: what the original knows. */
    | { readonly kind: "git"; readonly url: string }
    /** A directory, of this machine or mounted: `dir:PATH`. */
    | { readonly kind: "directory"; readonly path: string }
    /** Files that a web server gives: `files+https://…`, `files+http://…`. */
    | { readonly kind: "http"; readonly url: string }
    /** A repository of an OCI registry: `oci://HOST/REPOSITORY`. */
    | { readonly kind: "oci"; readonly reference: string; readonly insecure: boolean }
  );

/**
 * Reads what kind of remote a URL of `binary_archives` names. Everything without one of our own
 * schemes is for git, as before.
 *
 * @param named Name and URL.
 * @param configuration Where archives are kept.
 * @returns The remote.
 * @throws {OrchestraError} when the URL has one of our schemes and is wrong.
 */
export function archiveRemote(named: NamedUrl, configuration: Configuration): ArchiveRemote {
  const { name, url } = named;
  const { binaryArchives, dotdir } = configuration.paths;
  const base = { name, directory: joinPath(binaryArchives, name) };
  const wrong = (why: string) =>
    new OrchestraError(
      `Cannot use the archive remote ${JSON.stringify(name)}: ${JSON.stringify(url)} ${why}`,
    );
  if (url.startsWith("dir:")) {
    const path = url.slice("dir:".length).replace(/^\/\//, "").replace(/(.)\/+$/, "$1");
    if (path === "") throw wrong("names no directory");
    return {
      ...base,
      kind: "directory",
      path: path.startsWith("/") ? path : joinPath(dotdir, path),
    };
  }
  if (/^files\+https?:\/\//.test(url)) {
    const address = url.slice("files+".length).replace(/\/+$/, "");
    if (!URL.canParse(address)) throw wrong("is no URL");
    return { ...base, kind: "http", url: address };
  }
  const oci = /^oci(\+http)?:\/\/([^/]+\/.*[^/])\/*$/.exec(url);
  if (oci !== null) {
    return { ...base, kind: "oci", reference: oci[2] ?? "", insecure: oci[1] !== undefined };
  }
  if (url.startsWith("oci:") || url.startsWith("oci+")) {
    throw wrong("must be oci://HOST/REPOSITORY");
  }
  return { ...base, kind: "git", url };
}

/**
 * The archive remotes of a configuration, in the order in which they are searched.
 *
 * @param configuration The configuration.
 * @returns The remotes.
 */
export function archiveRemotes(configuration: Configuration): readonly ArchiveRemote[] {
  return configuration.binaryArchives.map((named) => archiveRemote(named, configuration));
}

/**
 * The remote that new archives of a component go to.
 *
 * @param configuration The configuration.
 * @param component Name of the component.
 * @returns The remote that it names, or else the first one.
 * @throws {OrchestraError} when there is none, or not the one that it names.
 */
export function remoteForNewArchives(
  configuration: Configuration,
  component: string,
): ArchiveRemote {
  const wanted = configuration.components.get(component)?.binaryArchives ?? null;
  const named = wanted === null
    ? configuration.binaryArchives[0]
    : configuration.binaryArchives.find(({ name }) => name === wanted);
  if (named !== undefined) return archiveRemote(named, configuration);
  throw new OrchestraError(
    wanted === null
      ? "Cannot create binary archives: no binary archive remote is configured"
      : `The binary archive remote ${JSON.stringify(wanted)} of component ${component} is not ` +
        "configured",
  );
}

/**
 * Whether somebody on the network has to be asked what a remote has.
 *
 * @param remote The remote.
 */
export function isAsked({ kind }: ArchiveRemote): boolean {
  return kind === "http" || kind === "oci";
}
