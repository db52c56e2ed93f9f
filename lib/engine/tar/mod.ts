/**
 * Tar archives as streams: what the engine takes as a build context or an image, and what it gives
 * back. Written and read without temporary files and with bounded memory.
 *
 * Writes ustar with pax headers where a value does not fit. Reads ustar, pax, GNU long names and
 * old v7 archives. It does not compress (the engine needs no compressed archives), and it reads no
 * sparse files.
 *
 * Permissions: `--allow-read=PATH` for entries that are files of this machine,
 * `--allow-read=DIR --allow-write=DIR` for {@linkcode extractTar}, else none.
 *
 * @example
 * ```ts
 * import { tarStream, untar } from "@superorch/superorch/engine/tar";
 *
 * const archive = tarStream([{ kind: "file", path: "bin/hello", content: "hi\n", mode: 0o755 }]);
 * for await (const entry of untar(archive)) {
 *   if (entry.kind === "file") console.log(entry.path, await new Response(entry.content).text());
 * }
 * ```
 *
 * @module
 */

export {
  type HostFile,
  type TarAttributes,
  type TarContent,
  type TarDevice,
  type TarDirectory,
  type TarEntry,
  type TarFifo,
  type TarFile,
  type TarHardLink,
  type TarReadEntry,
  type TarReadFile,
  type TarSymlink,
} from "./entry.ts";
export { tarStream, type TarStreamOptions } from "./tar_stream.ts";
export { TarFormatError, untar, type UntarOptions } from "./untar.ts";
export {
  extractTar,
  type ExtractTarOptions,
  type ExtractTarResult,
  UnsafeTarEntryError,
} from "./extract_tar.ts";
