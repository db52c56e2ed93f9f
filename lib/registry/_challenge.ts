/** One way of logging in that a `WWW-Authenticate` header offers. */
export interface Challenge {
  /** In small letters: `basic`, `bearer`. */
  readonly scheme: string;
  /** By name in small letters. */
  readonly parameters: Readonly<Record<string, string>>;
}

const SPACE = /[\s,]*/y;
const SCHEME = /([!#$%&'*+.^_`|~\w-]+)(?:\s+|\s*$|(?=\s*,))/y;
const PARAMETER = /([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y;

/**
 * Reads a `WWW-Authenticate` header.
 *
 * @param header Its value; several headers joined by commas are fine.
 * @returns What it offers, in order; nothing where it cannot be read.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (at < header.length) {
    match(SPACE);
    if (at === header.length) break;
    const parameter = match(PARAMETER);
    if (parameter !== null) {
      const [, name = "", quoted, plain = ""] = parameter;
      const current = challenges.at(-1);
      if (current === undefined) return [];
      current.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, "$1") ?? plain;
      continue;
    }
    const scheme = match(SCHEME)?.[1];
    if (scheme === undefined) return challenges;
    challenges.push({ scheme: scheme.toLowerCase(), parameters: {} });
  }
  return challenges;
}
