import { BuildContextError } from "./build_error.ts";

/** One line of a `.dockerignore` file that says something. */
export interface IgnorePattern {
  /** The pattern, cleaned, without its `!`. */
  readonly pattern: string;
  /** Whether it takes paths back in. */
  readonly negated: boolean;
}

/** For each pattern whether it matched; handed from a directory to what is in it. */
export type IgnoreTrail = readonly boolean[];

/** Whether a path is left out, and what its children need to know. */
export interface IgnoreVerdict {
  /** Whether the path is left out. */
  readonly ignored: boolean;
  /** To be passed on for paths below this one. */
  readonly trail: IgnoreTrail;
}

/**
 * Decides which paths a `.dockerignore` file leaves out, with the rules of the docker command
 * (https://docs.docker.com/build/concepts/context/#dockerignore-files): one pattern a line, `#` in
 * the first column starts a comment, the last match wins, `!` takes back in, `**` crosses
 * directories, what is below a match is matched too, a leading `/` means nothing.
 *
 * @example
 * ```ts
 * import { DockerIgnore } from "@superorch/superorch/engine/build";
 *
 * const ignore = DockerIgnore.parse("*.log\n!keep.log\nnode_modules\n");
 * console.log(ignore.ignores("a.log"), ignore.ignores("keep.log")); // true false
 * console.log(ignore.ignores("node_modules/left-pad/index.js")); // true
 * ```
 */
export class DockerIgnore {
  /** The patterns in order. */
  readonly patterns: readonly IgnorePattern[];
  readonly #matchers: readonly ((path: string) => boolean)[];

  private constructor(
    lines: readonly { readonly text: string; readonly where: string }[],
    name: string,
  ) {
    const patterns: IgnorePattern[] = [];
    this.#matchers = lines.map(({ text, where }) => {
      const negated = text.startsWith("!");
      const pattern = negated ? text.slice(1) : text;
      const matcher = pattern === "" ? undefined : compile(pattern);
      if (matcher === undefined) {
        throw new BuildContextError(name, `${where}"${text}" is not a valid pattern`);
      }
      patterns.push({ pattern, negated });
      return matcher;
    });
    this.patterns = patterns;
  }

  /**
   * Reads the text of a `.dockerignore` file.
   *
   * @param text The text.
   * @param name What errors call the file.
   * @returns The rules.
   * @throws {BuildContextError} when a pattern is not valid; it names the line.
   */
  static parse(text: string, name = ".dockerignore"): DockerIgnore {
    const lines = text.replace(/^\ufeff/, "").split("\n").map((line, index) => ({
      text: line.startsWith("#") ? "" : cleanLine(line),
      where: `line ${index + 1}: `,
    }));
    return new DockerIgnore(lines.filter((line) => line.text !== ""), name);
  }

  /**
   * Takes patterns from a list.
   *
   * @param patterns One pattern each.
   * @returns The rules.
   * @throws {BuildContextError} when a pattern is not valid.
   */
  static of(patterns: readonly string[]): DockerIgnore {
    const lines = patterns.map((text) => ({ text: cleanLine(text), where: "" }));
    return new DockerIgnore(lines.filter((line) => line.text !== ""), "patterns");
  }

  /** Whether any pattern takes paths back in, so that ignored directories must be looked into. */
  get hasNegations(): boolean {
    return this.patterns.some((pattern) => pattern.negated);
  }

  /**
   * Judges one path.
   *
   * @param path From the root of the context, joined by `/`.
   * @param parent The trail of its directory; without it the directories are judged again.
   * @returns Whether it is left out.
   */
  judge(path: string, parent?: IgnoreTrail): IgnoreVerdict {
    const slash = path.lastIndexOf("/");
    const above = parent ?? (slash === -1 ? [] : this.judge(path.slice(0, slash)).trail);
    let ignored = false;
    const trail = this.patterns.map(({ negated }, index) => {
      let matched = above[index] === true;
      // A pattern that could change nothing is not tried.
      if (!matched && negated === ignored) matched = this.#matchers[index]?.(path) === true;
      if (matched) ignored = !negated;
      return matched;
    });
    return { ignored, trail };
  }

  /** Whether a path is left out. */
  ignores(path: string): boolean {
    return this.judge(path).ignored;
  }
}

function cleanLine(line: string): string {
  const text = line.trim();
  if (text === "") return "";
  const negated = text.startsWith("!");
  let pattern = negated ? text.slice(1).trim() : text;
  if (pattern !== "") {
    pattern = cleanPath(pattern);
    if (pattern.length > 1 && pattern.startsWith("/")) pattern = pattern.slice(1);
  }
  return negated ? `!${pattern}` : pattern;
}

/** The shortest form of a path, as Go's `filepath.Clean` has it: the rules are made of it. */
export function cleanPath(path: string): string {
  const rooted = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!rooted) parts.push("..");
  }
  const joined = parts.join("/");
  return rooted ? `/${joined}` : joined === "" ? "." : joined;
}

/** What a pattern matches, or `undefined` when it is none. */
function compile(pattern: string): ((path: string) => boolean) | undefined {
  if (!/[*?[\\]/.test(pattern)) return (path) => path === pattern;
  // Docker has two short cuts, which match a little more than their long forms would: `**.log`
  // takes every path that ends so, `dir/**` every path that begins so.
  const rest = /^\*\*([^*?[\]\\]*)$/.exec(pattern)?.[1];
  if (rest !== undefined) {
    return (path) => path.endsWith(rest) || (rest.startsWith("/") && path === rest.slice(1));
  }
  const start = /^([^*?[\]\\]+)\*\*$/.exec(pattern)?.[1];
  if (start !== undefined) return (path) => path.startsWith(start);
  const source = toRegExpSource(pattern);
  if (source === undefined) return undefined;
  try {
    const regExp = new RegExp(`^${source}$`, "su");
    return (path) => regExp.test(path);
  } catch {
    return undefined; // a range that runs backwards
  }
}

function toRegExpSource(pattern: string): string | undefined {
  let source = "";
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    if (character === "*") {
      if (characters[at + 1] !== "*") {
        source += "[^/]*";
        continue;
      }
      at++;
      if (characters[at + 1] === "/") at++;
      source += at === characters.length - 1 ? ".*" : "(.*/)?";
    } else if (character === "?") source += "[^/]";
    else if (character === "\\") {
      const next = characters[++at];
      if (next === undefined) return undefined;
      source += escapeRegExp(next);
    } else if (character === "[") {
      const end = endOfClass(characters, at);
      if (end === undefined) return undefined;
      source += classSource(characters.slice(at + 1, end));
      at = end;
    } else source += escapeRegExp(character);
  }
  return source;
}

/** The index of the `]` that closes a class, by the rules of Go's `filepath.Match`. */
function endOfClass(characters: readonly string[], start: number): number | undefined {
  let at = start + 1;
  if (characters[at] === "^") at++;
  for (let ranges = 0;; ranges++) {
    if (characters[at] === "]" && ranges > 0) return at;
    for (let side = 0; side < 2; side++) {
      if (characters[at] === "-" || characters[at] === "]") return undefined;
      if (characters[at] === "\\") at++;
      if (characters[at++] === undefined) return undefined;
      if (characters[at] !== "-" || side === 1) break;
      at++;
    }
  }
}

function classSource(inside: readonly string[]): string {
  let source = "[";
  for (let at = 0; at < inside.length; at++) {
    const character = inside[at] ?? "";
    if (character === "^" && at === 0) source += "^";
    else if (character === "-") source += "-";
    else if (character === "\\") source += escapeRegExp(inside[++at] ?? "");
    else source += escapeRegExp(character);
  }
  return `${source}]`;
}

function escapeRegExp(character: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(character)
    ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
    : character;
}
