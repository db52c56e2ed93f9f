/**
 * Makes what a build has installed fit to be moved and shared: relative paths in pkg-config files,
 * scripts and ELF files, and headers that no longer depend on how they were built.
 *
 * Permissions: `--allow-read` and `--allow-write` of the files.
 *
 * @example
 * ```ts
 * import { relocatePkgConfig } from "@superorch/superorch/orchestra/post_install";
 *
 * console.log(relocatePkgConfig("prefix=/opt/root/usr", "/opt/root")); // prefix=${pcfiledir}/../../usr
 * ```
 *
 * @module
 */

export { type ElfDynamic, type LibraryVersions, readElfDynamic } from "./elf_file.ts";
export { decideHeader, type HeaderFacts } from "./headers.ts";
export {
  copyLicense,
  postInstall,
  type PostInstallOptions,
  removeSharedFiles,
} from "./post_install.ts";
export { type RelocatedElf, relocateElf } from "./relocate_elf.ts";
export { relocatePkgConfig, relocateShebang } from "./texts.ts";
