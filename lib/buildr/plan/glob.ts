/**
 * Tells what is wrong with a glob.
 *
 * @param glob The glob.
 * @returns What is wrong, and at which of its units; `undefined` for a good one.
 */
export function globProblem(
  glob: string,
): { readonly offset: number; readonly problem: string } | undefined {
  const open: number[] = [];
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at]!;
    if (character === "\\") at++;
    else if (character === "[") {
      const end = classEnd(glob, at);
      if (end === -1) return { offset: at, problem: 'this "[" is not closed' };
      at = end;
    } else if (character === "{") open.push(at);
    else if (character === "}" && open.pop() === undefined) {
      return { offset: at, problem: 'there is no "{" before this "}"' };
    }
  }
  const last = open.pop();
  return last === undefined ? undefined : { offset: last, problem: 'this "{" is not closed' };
}

/** A piece of a glob: what one character may be, or how many there may be. */
type Token =
  | { readonly kind: "character"; readonly is: (character: string) => boolean }
  /** Any characters of one part. */
  | { readonly kind: "star" }
  /** Any whole parts, each with its slash. */
  | { readonly kind: "parts" }
  /** Anything. */
  | { readonly kind: "rest" };

/** More alternatives than this are no glob that somebody wrote. */
const MAX_ALTERNATIVES = 4_096;

/**
 * Makes a test for whole paths with `/` between their parts.
 *
 * `*` and `?` stay within a part, `**` as a whole part is any number of parts, `[a-z]` and `[!a-z]`
 * are one character, `{a,b}` alternatives, and a backslash takes the next character as it is. A dot
 * in front is nothing special, `./` in front means nothing, and a slash at the end is `/**`. A glob
 * that is wrong matches only itself.
 *
 * The time is that of the lengths of glob and path, multiplied: a manifest is somebody else's text,
 * and a regular expression takes for ever on `*a*a*a*a*a*a*a*b`.
 *
 * @param glob The glob.
 * @example
 * ```ts
 * import { compileGlob } from "@superorch/superorch/buildr";
 *
 * console.log(compileGlob("src/**" + "/*.ts")("src/lib/a.ts")); // true
 * ```
 */
export function compileGlob(glob: string): (path: string) => boolean {
  const plain = normalGlob(glob);
  const alternatives = globProblem(plain) === undefined ? expandBraces(plain) : undefined;
  const all = alternatives?.map(tokensOf);
  if (all === undefined || all.includes(undefined)) return (path) => path === glob;
  return (path) => all.some((tokens) => matches(path, tokens!));
}

/**
 * Tells whether a text matches one of some globs; those that begin with `!` take away what those
 * before them have let in.
 *
 * @param path A path below the project, or a name of a branch.
 * @param globs The globs.
 */
export function matchesGlob(path: string, globs: readonly string[]): boolean {
  let isIn = false;
  for (const glob of globs) {
    if (glob.startsWith("!")) isIn &&= !cached(glob.slice(1))(path);
    else isIn ||= cached(glob)(path);
  }
  return isIn;
}

const cache = new Map<string, (path: string) => boolean>();

// A walk through a tree asks for the same few globs at every file.
function cached(glob: string): (path: string) => boolean {
  const known = cache.get(glob);
  if (known !== undefined) return known;
  if (cache.size > 500) cache.clear();
  const made = compileGlob(glob);
  cache.set(glob, made);
  return made;
}

/** A glob without what people add for clarity: `./` in front, a slash alone at the end. */
export function normalGlob(glob: string): string {
  const plain = glob.replace(/^(?:\.\/)+(?=.)/, "");
  return plain.endsWith("/") && plain !== "/" ? `${plain}**` : plain;
}

function expandBraces(glob: string): readonly string[] | undefined {
  let done = [""];
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at]!;
    let next: readonly string[] = [character];
    if (character === "\\") next = [glob.slice(at, ++at + 1)];
    else if (character === "[") {
      const end = classEnd(glob, at);
      next = [glob.slice(at, end + 1)];
      at = end;
    } else if (character === "{") {
      const { parts, end } = alternativesAt(glob, at);
      const expanded = parts.map(expandBraces);
      if (expanded.includes(undefined)) return undefined;
      next = expanded.flatMap((one) => one!);
      at = end;
    }
    if (done.length * next.length > MAX_ALTERNATIVES) return undefined;
    done = done.flatMap((before) => next.map((after) => before + after));
  }
  return done;
}

function alternativesAt(
  glob: string,
  start: number,
): { readonly parts: readonly string[]; readonly end: number } {
  const parts: string[] = [];
  let depth = 0;
  let from = start + 1;
  for (let at = start; at < glob.length; at++) {
    const character = glob[at]!;
    if (character === "\\") at++;
    else if (character === "[") at = classEnd(glob, at);
    else if (character === "{") depth++;
    else if (character === "," && depth === 1) {
      parts.push(glob.slice(from, at));
      from = at + 1;
    } else if (character === "}" && --depth === 0) {
      return { parts: [...parts, glob.slice(from, at)], end: at };
    }
  }
  return { parts: [...parts, glob.slice(from)], end: glob.length };
}

function tokensOf(glob: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const one = (is: (character: string) => boolean) => tokens.push({ kind: "character", is });
  const characters = Array.from(glob);
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    const startsPart = at === 0 || characters[at - 1] === "/";
    if (character === "\\" && at + 1 < characters.length) {
      const literal = characters[++at]!;
      one((other) => other === literal);
    } else if (character === "*" && characters[at + 1] === "*" && startsPart) {
      const after = characters[at + 2];
      if (after === "/") tokens.push({ kind: "parts" });
      else tokens.push({ kind: after === undefined ? "rest" : "star" });
      at += after === "/" ? 2 : 1;
    } else if (character === "*") tokens.push({ kind: "star" });
    else if (character === "?") one((other) => other !== "/");
    else if (character === "[") {
      let end = at + (/[!^]/.test(characters[at + 1] ?? "") ? 2 : 1);
      if (characters[end] === "]") end++;
      while (characters[end] !== "]") end++;
      const inside = characters.slice(at + 1, end).join("");
      const negated = /^[!^]/.test(inside);
      const body = (negated ? inside.slice(1) : inside).replace(/[\\[\]&^|~]/g, "\\$&");
      let expression: RegExp;
      try {
        expression = new RegExp(`^[${negated ? "^" : ""}${body}]$`, "su");
      } catch {
        // Nothing is in a class such as [z-a].
        return undefined;
      }
      one((other) => other !== "/" && expression.test(other));
      at = end;
    } else one((other) => other === character);
  }
  return tokens;
}

// All places in the glob that the path so far can lead to, at once. A place is the index of a token,
// doubled; the odd ones are within a part that "parts" goes through.
function matches(path: string, tokens: readonly Token[]): boolean {
  let places = new Set<number>();
  const enter = (index: number, into: Set<number>): void => {
    for (let at = index; !into.has(at * 2); at++) {
      into.add(at * 2);
      const kind = tokens[at]?.kind;
      if (kind === undefined || kind === "character") return;
    }
  };
  enter(0, places);
  for (const character of path) {
    const next = new Set<number>();
    for (const place of places) {
      const index = place >> 1;
      const token = tokens[index];
      if (token === undefined) continue;
      if (token.kind === "character") {
        if (token.is(character)) enter(index + 1, next);
      } else if (token.kind === "rest" || (token.kind === "star" && character !== "/")) {
        enter(index, next);
      } else if (token.kind === "parts") {
        if (character !== "/") next.add(index * 2 + 1);
        else if (place % 2 === 1) enter(index, next);
      }
    }
    places = next;
    if (places.size === 0) return false;
  }
  return places.has(tokens.length * 2);
}

// A bracket right after the opening one, or after its "!", is one of the characters.
function classEnd(glob: string, start: number): number {
  let at = start + 1;
  if (glob[at] === "!" || glob[at] === "^") at++;
  if (glob[at] === "]") at++;
  return glob.indexOf("]", at);
}
