import type { KeptWith } from "../portable.ts";

/**
 * Finds the paths of this machine that a crate's code has asked for by `env!` or `option_env!`.
 *
 * Code that only includes a file by such a path has what is in the file and nothing of the path:
 * `include!(concat!(env!("OUT_DIR"), "/generated.rs"))`. Of all other uses nobody can tell what
 * became of the path: it may be in a program as it is, in parts, or as its length.
 *
 * @param inputs What the compiler says that it has looked at.
 * @param isPath Whether a value has a path of this machine in it.
 * @returns The values; those that were only included are left out.
 */
export function pathsAskedFor(
  inputs: KeptWith,
  isPath: (value: string) => boolean,
): readonly string[] {
  const asked = Object.entries(inputs.env).flatMap(([name, value]) =>
    value !== null && isPath(value) ? [[name, value] as const] : []
  );
  if (asked.length === 0) return [];
  const texts = [...inputs.read].filter((path) => path.endsWith(".rs")).map(readText);
  return asked.filter(([name]) => !isOnlyIncluded(name, texts)).map(([, value]) => value);
}

/**
 * Whether each mention of a variable in the code is in the path of an include.
 *
 * @param name The variable.
 * @param texts All of the code; `undefined` for what could not be read.
 * @returns `false` also where it is not mentioned: some macro of another crate asks for it.
 */
export function isOnlyIncluded(name: string, texts: readonly (string | undefined)[]): boolean {
  const quoted = `"${name}"`;
  const included = new RegExp(
    `\\binclude(?:_str|_bytes)?\\s*!\\s*[([{]\\s*${STD}concat\\s*!\\s*[([{]\\s*` +
      `${STD}env\\s*!\\s*[([{]\\s*${quoted}`,
    "g",
  );
  let mentions = 0;
  for (const text of texts) {
    if (text === undefined) return false;
    const all = text.split(quoted).length - 1;
    // Names that a macro puts together have no quotes around all of them.
    if (all !== (text.match(included)?.length ?? 0)) return false;
    mentions += all;
  }
  return mentions > 0;
}

const STD = "(?:(?:::\\s*)?(?:std|core)\\s*::\\s*)?";

function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined; // gone meanwhile
  }
}
