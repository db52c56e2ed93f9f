import { parentOf } from "./_paths.ts";

/** Stands for the target directory in what is kept; no path has it. */
const PLACEHOLDER = "\0target";

/**
 * Writes a target directory into texts in a way that means the same for another one: results of
 * crates from registries are then shared by all projects of a machine. Only at the end of a
 * component: `/a/target2` is not in `/a/target`.
 */
export class PortablePaths {
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
    return convert(bytes, (text) => this.away(text));
  }

  /** As {@linkcode PortablePaths.back}, for bytes. */
  backBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return bytes.includes(0) ? convert(bytes, (text) => this.back(text)) : bytes;
  }

  /** Whether bytes contain the target directory, so that they are good for it alone. */
  isIn(bytes: Uint8Array): boolean {
    // One character a byte, so that the search is the engine's own and fast.
    const needle = String.fromCharCode(...new TextEncoder().encode(this.targetDir));
    return latin1.decode(bytes).includes(needle);
  }
}

const latin1 = new TextDecoder("latin1");

function convert(
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
 * @returns The directory; the profile's own where no mark is found.
 */
export function targetDirOf(profileDir: string): string {
  const above = parentOf(profileDir);
  for (const directory of [above, parentOf(above)]) {
    try {
      Deno.lstatSync(`${directory}/CACHEDIR.TAG`);
      return directory;
    } catch {
      // not this one
    }
  }
  return profileDir;
}
