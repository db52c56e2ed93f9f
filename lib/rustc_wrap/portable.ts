import { nameOf, parentOf } from "./_paths.ts";
import type { UnitResult } from "./model.ts";

/** What a result is good for; without either, for everybody. */
export interface Pins {
  /** The only target directory that it is good for. */
  readonly targetDir?: string;
  /** Whether it is good only for who has all directories where they are here. */
  readonly here?: boolean;
}

/** What a compiler has looked at, beside what it was called with. */
export interface KeptWith {
  /** Files that it has read, absolute. */
  readonly read: Iterable<string>;
  /** Variables that were asked for, and what they were. */
  readonly env: Readonly<Record<string, string | null>>;
}

/** Makes texts and results independent of directories of this machine. */
export interface Portable {
  /** The target directory. */
  readonly targetDir: string;
  /** The text as it is kept. */
  away(text: string): string;
  /** The text for this machine. */
  back(text: string): string;
  /** As {@linkcode Portable.away}, for bytes; what is not text stays. */
  awayBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** As {@linkcode Portable.back}, for bytes. */
  backBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** The path of an entry, as it counts where only names do. */
  entryPath(path: string): string;
  /** A file's name as it is kept. */
  fileAway(name: string): string;
  /** A file's name for cargo. */
  fileBack(name: string): string;
  /** What compiled files with these contents are good for. */
  pins(contents: Iterable<Uint8Array>, inputs: KeptWith): Pins;
  /** What tells these directories from those of others; absent where only lists do. */
  readonly place?: string;
  /** A result as cargo wants it, of one as the compiler gave it. */
  received<T extends UnitResult>(result: T): T;
}

/** Stands for the target directory in what is kept; no path has it. */
const PLACEHOLDER = "\0target";

/**
 * Writes a target directory into texts in a way that means the same for another one: results of
 * crates from registries are then shared by all projects of a machine. Only at the end of a
 * component: `/a/target2` is not in `/a/target`.
 */
export class PortablePaths implements Portable {
  /** The target directory. */
  readonly targetDir: string;
  readonly #pattern: RegExp | undefined;

  /** For one target directory, absolute. */
  constructor(targetDir: string) {
    this.targetDir = targetDir;
    // In other names, JSON and make would have escapes, and it is simply never replaced.
    this.#pattern = /^\/[\w./+@~-]+$/.test(targetDir)
      ? new RegExp(`${targetDir.replace(/[.+]/g, "\\$&")}(?![\\w.+@~-])`, "g")
      : undefined;
  }

  /** The text with the placeholder. */
  away(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, PLACEHOLDER);
  }

  /** The text with this target directory. */
  back(text: string): string {
    return text.replaceAll(PLACEHOLDER, () => this.targetDir);
  }

  /** As {@linkcode PortablePaths.away}, for bytes; what is not text stays. */
  awayBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return changeBytes(bytes, (text) => this.away(text));
  }

  /** As {@linkcode PortablePaths.back}, for bytes. */
  backBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return bytes.includes(0) ? changeBytes(bytes, (text) => this.back(text)) : bytes;
  }

  /** As it is: absolute, without its leading slash. */
  entryPath(path: string): string {
    return path;
  }

  /** Files have the names that cargo gives them. */
  fileAway(name: string): string {
    return name;
  }

  /** The same. */
  fileBack(name: string): string {
    return name;
  }

  /** Compiled files with this target directory in them are good for it alone. */
  pins(contents: Iterable<Uint8Array>): Pins {
    for (const bytes of contents) if (this.isIn(bytes)) return { targetDir: this.targetDir };
    return {};
  }

  /** The compiler works with cargo's own paths. */
  received<T extends UnitResult>(result: T): T {
    return result;
  }

  /** Whether bytes contain the target directory, so that they are good for it alone. */
  isIn(bytes: Uint8Array): boolean {
    // One character a byte, so that the search is the engine's own and fast.
    const needle = String.fromCharCode(...new TextEncoder().encode(this.targetDir));
    return latin1.decode(bytes).includes(needle);
  }
}

const latin1 = new TextDecoder("latin1");

/** Changes a text that is there as bytes; what is not UTF-8 is no text, and stays. */
export function changeBytes(
  bytes: Uint8Array<ArrayBuffer>,
  change: (text: string) => string,
): Uint8Array<ArrayBuffer> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
  const changed = change(text);
  return changed === text ? bytes : new TextEncoder().encode(changed);
}

/**
 * The directory that cargo calls `target`: the one with its mark, one or two levels above the
 * profile's (`target/debug`, `target/TRIPLE/debug`).
 *
 * @param profileDir Where `deps` is.
 * @param triple What is compiled for, or the file that describes it.
 * @returns The directory; the profile's own where no mark is found.
 */
export function targetDirOf(profileDir: string, triple: string | undefined): string {
  const above = parentOf(profileDir);
  // Cargo marks the target's directory too, and what runs here is beside it.
  const ofTarget = triple !== undefined && nameOf(above) === nameOf(triple).replace(/\.json$/, "");
  for (const directory of ofTarget ? [parentOf(above), above] : [above, parentOf(above)]) {
    try {
      Deno.lstatSync(`${directory}/CACHEDIR.TAG`);
      return directory;
    } catch {
      // not this one
    }
  }
  return profileDir;
}
