import { ARCHITECTURE, type BuildTarget } from "../model.ts";

/** The endings of archives, the preferred one first. */
export const ARCHIVE_EXTENSIONS: readonly string[] = [".tar.xz", ".tar.gz", ".tar"];

/**
 * The path of an archive, relative to the directory of its remote.
 *
 * @param target The build.
 * @param commit Commit of its repository; `null` when it has none.
 * @param recursiveHash Hash of its component.
 * @param extension One of {@linkcode ARCHIVE_EXTENSIONS}.
 * @returns `linux-x86-64/<component>/<build>/<commit or none>_<hash><extension>`.
 */
export function archivePath(
  target: BuildTarget,
  commit: string | null,
  recursiveHash: string,
  extension: string = ".tar.xz",
): string {
  const name = `${commit ?? "none"}_${recursiveHash}${extension}`;
  return `${archiveDirectory(target)}/${name}`;
}

/**
 * The directory of the archives of a build, relative to the directory of a remote.
 *
 * @param target The build.
 * @returns Its path.
 */
export function archiveDirectory(target: BuildTarget): string {
  return `${ARCHITECTURE}/${target.component}/${target.build}`;
}

/**
 * The file beside an archive that holds what its hash was made from.
 *
 * @param archive Path of the archive.
 * @returns Its path.
 */
export function hashMaterialPath(archive: string): string {
  return `${withoutExtension(archive)}.hash-material.yml`;
}

/**
 * The file beside an archive that holds its SHA-256, as `sha256sum` writes it. Its name does not
 * contain `.tar.`, by which archives are mostly given to git-lfs.
 *
 * @param archive Path of the archive.
 * @returns Its path.
 */
export function manifestPath(archive: string): string {
  return `${withoutExtension(archive)}.sha256`;
}

function withoutExtension(path: string): string {
  const extension = ARCHIVE_EXTENSIONS.find((extension) => path.endsWith(extension)) ?? "";
  return path.slice(0, path.length - extension.length);
}
