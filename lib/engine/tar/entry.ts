/** What every entry of an archive may say about itself. */
export interface TarAttributes {
  /** Name in the archive, components joined by `/`; a directory needs no slash at its end. */
  readonly path: string;
  /** Permission bits. Default `0o644`, `0o755` for directories, `0o777` for symbolic links. */
  readonly mode?: number;
  /** Seconds since 1970. Default 0. */
  readonly mtimeSeconds?: number;
  /** Number of the owner. Default 0. */
  readonly uid?: number;
  /** Number of the group. Default 0. */
  readonly gid?: number;
  /** Name of the owner. Default none. */
  readonly userName?: string;
  /** Name of the group. Default none. */
  readonly groupName?: string;
  /** Extended attributes and other pax records that travel with the entry, by pax keyword. */
  readonly pax?: Readonly<Record<string, string>>;
}

/** A file of this machine, opened only when its turn comes. */
export interface HostFile {
  /** Its path; a symbolic link is followed. */
  readonly hostPath: string;
}

/** Where the bytes of a file come from; text is written as UTF-8. */
export type TarContent = Uint8Array | string | HostFile | ReadableStream<Uint8Array>;

/** A regular file. */
export interface TarFile extends TarAttributes {
  /** Tells the kinds apart. */
  readonly kind: "file";
  /** Its bytes. */
  readonly content: TarContent;
  /** Length in bytes: needed for a stream, because the archive has it before the bytes. */
  readonly sizeBytes?: number;
}

/** A directory. Parents need no entries of their own. */
export interface TarDirectory extends TarAttributes {
  /** Tells the kinds apart. */
  readonly kind: "directory";
}

/** A symbolic link. */
export interface TarSymlink extends TarAttributes {
  /** Tells the kinds apart. */
  readonly kind: "symlink";
  /** The text of the link. */
  readonly target: string;
}

/** Another name of a file that stands earlier in the archive. */
export interface TarHardLink extends TarAttributes {
  /** Tells the kinds apart. */
  readonly kind: "hardlink";
  /** The earlier name, from the root of the archive. */
  readonly target: string;
}

/** A device node. */
export interface TarDevice extends TarAttributes {
  /** Tells the kinds apart. */
  readonly kind: "character-device" | "block-device";
  /** Major number. */
  readonly major: number;
  /** Minor number. */
  readonly minor: number;
}

/** A named pipe. */
export interface TarFifo extends TarAttributes {
  /** Tells the kinds apart. */
  readonly kind: "fifo";
}

/** One entry of an archive. */
export type TarEntry =
  | TarFile
  | TarDirectory
  | TarSymlink
  | TarHardLink
  | TarDevice
  | TarFifo;

/** A file as it is read: its length is known, its bytes come as a stream. */
export interface TarReadFile extends TarFile {
  /** Its bytes; what is not read when the next entry is asked for is skipped. */
  readonly content: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Length in bytes. */
  readonly sizeBytes: number;
}

/** One entry as it is read; it can be handed to `tarStream` as it is. */
export type TarReadEntry = TarReadFile | Exclude<TarEntry, TarFile>;
