import type { UnitResult } from "../model.ts";
import { changeBytes, type KeptWith, type Pins, type Portable } from "../portable.ts";
import { pathsAskedFor } from "./asked_paths.ts";
import type { RemapRoot } from "./roots.ts";

/** The digits that cargo adds to the names of a unit's files, and those that are added instead. */
export interface OwnName {
  /** `outer-0123456789abcdef`, as cargo has it. */
  readonly cargos: string;
  /** The same with digits that do not depend on a path. */
  readonly ours: string;
}

/** What can be in a name, so that `/a/target2` is not in `/a/target`. */
const NAME = "\\p{L}\\p{N}\\p{M}_+@~\\-";

/**
 * Writes the directories of this machine into texts in a way that is the same on all machines, and
 * back. Only whole components are replaced, and only where a path begins: after a separator, a line
 * end or colour as JSON and terminals have them, or a short option of a linker.
 *
 * Compiled files are never changed: those that have a path of this machine in them, or whose code
 * may have made something of one, are good for whoever has the same directories.
 */
export class RemapPaths implements Portable {
  /** As cargo has it. */
  readonly targetDir: string;
  readonly #roots: readonly RemapRoot[];
  readonly #away: Replacement;
  readonly #back: Replacement;
  readonly #own: OwnName | undefined;

  /** For the directories of one unit. */
  constructor(targetDir: string, roots: readonly RemapRoot[], own?: OwnName) {
    this.targetDir = targetDir;
    this.#roots = roots;
    this.#own = own;
    this.#away = replacement(roots.map(({ real, virtual }) => [real, virtual]));
    // Of two ways to write a directory, cargo's own comes first.
    this.#back = replacement(roots.toReversed().map(({ real, virtual }) => [virtual, real]));
  }

  /** Words for rustc: of two that fit, it takes the last one. */
  get flags(): readonly string[] {
    return this.#roots.toSorted((a, b) => a.real.length - b.real.length)
      .map(({ real, virtual }) => `--remap-path-prefix=${real}=${virtual}`);
  }

  /** The same directories, and another name of the files. */
  renamed(own: OwnName): RemapPaths {
    return new RemapPaths(this.targetDir, this.#roots, own);
  }

  /** The text with virtual directories. */
  away(text: string): string {
    const own = this.#own;
    return replaceAll(own === undefined ? text : text.replaceAll(own.cargos, own.ours), this.#away);
  }

  /** The text with this machine's directories. */
  back(text: string): string {
    const own = this.#own;
    return replaceAll(own === undefined ? text : text.replaceAll(own.ours, own.cargos), this.#back);
  }

  /** As {@linkcode RemapPaths.away}, for bytes; what is not text stays. */
  awayBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return changeBytes(bytes, (text) => this.away(text));
  }

  /** As {@linkcode RemapPaths.back}, for bytes. */
  backBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return changeBytes(bytes, (text) => this.back(text));
  }

  /** The path of an entry with virtual directories. */
  entryPath(path: string): string {
    return this.away(`/${path}`);
  }

  /** A file's name as it is kept. */
  fileAway(name: string): string {
    const own = this.#own;
    return own === undefined ? name : name.replace(own.cargos, own.ours);
  }

  /** A file's name as cargo wants it. */
  fileBack(name: string): string {
    const own = this.#own;
    return own === undefined ? name : name.replace(own.ours, own.cargos);
  }

  /** All directories of this machine that the unit knows. */
  get place(): string {
    return JSON.stringify(this.#roots.map(({ real, virtual }) => [virtual, real]).sort());
  }

  /** Whether directories of this machine are in a result, or something was made of them. */
  pins(contents: Iterable<Uint8Array>, inputs: KeptWith): Pins {
    const needles = this.#roots.map(({ real }) => asLatin1(real));
    for (const bytes of contents) {
      // One character a byte, so that the search is the engine's own and fast.
      const text = latin1.decode(bytes);
      if (needles.some((needle) => text.includes(needle))) return { here: true };
    }
    const asked = pathsAskedFor(inputs, (text) => this.away(text) !== text);
    return asked.length > 0 ? { here: true } : {};
  }

  /** What a compiler printed and made, as it would have been without virtual directories. */
  received<T extends UnitResult>(result: T): T {
    return {
      ...result,
      stdout: this.backBytes(result.stdout),
      stderr: this.backBytes(result.stderr),
      files: result.files.map((file) => ({
        ...file,
        path: this.fileBack(file.path),
        ...isDepInfo(file.path) ? { content: this.backBytes(file.content), digest: undefined } : {},
      })),
    };
  }
}

const latin1 = new TextDecoder("latin1");

function asLatin1(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

function isDepInfo(path: string): boolean {
  return path.endsWith(".d") && !path.includes("/");
}

interface Replacement {
  readonly pattern: RegExp;
  readonly by: ReadonlyMap<string, string>;
}

function replacement(pairs: readonly (readonly [string, string])[]): Replacement {
  const from = pairs.map(([text]) => text).sort((a, b) => b.length - a.length)
    .map((text) => text.replace(/[.+]/g, "\\$&"));
  const begin = `(?:(?<![${NAME}./])|(?<=\\\\[nrt])|(?<=\\[[\\d;]*m)|(?<=:\\/\\/)|` +
    `(?<=(?<![${NAME}./])-[A-Za-z]))`;
  const end = `(?![${NAME}]|\\.[${NAME}.])`;
  return { pattern: new RegExp(`${begin}(?:${from.join("|")})${end}`, "gu"), by: new Map(pairs) };
}

function replaceAll(text: string, { pattern, by }: Replacement): string {
  return text.replace(pattern, (found) => by.get(found)!);
}
