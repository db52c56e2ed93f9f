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

/**
 * Turns a glob into a regular expression for whole paths with `/` between their parts.
 *
 * `*` and `?` stay within a part, `**` as a whole part is any number of parts, `[a-z]` and `[!a-z]`
 * are one character, `{a,b}` alternatives, and a backslash takes the next character as it is. A dot
 * in front is nothing special. A glob that is wrong matches only itself.
 *
 * @param glob The glob.
 * @example
 * ```ts
 * import { globToRegExp } from "@superorch/superorch/buildr";
 *
 * console.log(globToRegExp("src/**" + "/*.ts").test("src/lib/a.ts")); // true
 * ```
 */
export function globToRegExp(glob: string): RegExp {
  if (globProblem(glob) !== undefined) return new RegExp(`^${RegExp.escape(glob)}$`, "su");
  let source = "";
  let depth = 0;
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at]!;
    const startsPart = at === 0 || glob[at - 1] === "/" ||
      (depth > 0 && /[{,]/.test(glob[at - 1]!));
    if (character === "\\" && at + 1 < glob.length) source += RegExp.escape(glob[++at]!);
    else if (character === "*" && glob[at + 1] === "*" && startsPart) {
      const after = glob[at + 2];
      if (after === "/") {
        source += "(?:[^/]+/)*";
        at += 2;
      } else if (after === undefined || (depth > 0 && /[,}]/.test(after))) {
        source += ".*";
        at += 1;
      } else source += "[^/]*";
    } else if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const end = classEnd(glob, at);
      const inside = glob.slice(at + 1, end);
      const negated = /^[!^]/.test(inside);
      const body = (negated ? inside.slice(1) : inside).replace(/[\\[\]&^|~]/g, "\\$&");
      source += `(?!/)[${negated ? "^" : ""}${body}]`;
      at = end;
    } else if (character === "{") {
      depth++;
      source += "(?:";
    } else if (character === "}") {
      depth--;
      source += ")";
    } else if (character === "," && depth > 0) source += "|";
    else source += RegExp.escape(character);
  }
  try {
    return new RegExp(`^(?:${source})$`, "s");
  } catch {
    // A class such as [z-a] has nothing in it.
    return new RegExp(`^${RegExp.escape(glob)}$`, "s");
  }
}

/**
 * Tells whether a text matches one of some globs; those that begin with `!` take away what those
 * before them have let in.
 *
 * @param path A path below the project, or a name of a branch.
 * @param globs The globs.
 */
export function matchesGlob(path: string, globs: readonly string[]): boolean {
  let matches = false;
  for (const glob of globs) {
    if (glob.startsWith("!")) matches &&= !compiled(glob.slice(1)).test(path);
    else matches ||= compiled(glob).test(path);
  }
  return matches;
}

const cache = new Map<string, RegExp>();

// A walk through a tree asks for the same few globs at every file.
function compiled(glob: string): RegExp {
  const known = cache.get(glob);
  if (known !== undefined) return known;
  if (cache.size > 500) cache.clear();
  const made = globToRegExp(glob);
  cache.set(glob, made);
  return made;
}

// A bracket right after the opening one, or after its "!", is one of the characters.
function classEnd(glob: string, start: number): number {
  let at = start + 1;
  if (glob[at] === "!" || glob[at] === "^") at++;
  if (glob[at] === "]") at++;
  return glob.indexOf("]", at);
}
