/** The words of a line, or what keeps it from having any. */
export type Words =
  | { readonly words: readonly string[] }
  | { readonly problem: string; readonly offset: number };

/**
 * Splits a line exactly as Python's `shlex.split` does, which ran the scripts of the first version:
 * within double quotes a backslash is taken away only before `"` and `\`, so that
 * `sh -c "echo \$x"` gives the shell its backslash. (The splitter of `compose` follows Go's, which
 * takes it away before `$` too.)
 *
 * @param line The line.
 * @see https://docs.python.org/3/library/shlex.html#parsing-rules
 */
export function shlex(line: string): Words {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (character === "'") {
      const end = line.indexOf("'", at + 1);
      if (end === -1) return { problem: "this single quote is not closed", offset: at };
      word = (word ?? "") + line.slice(at + 1, end);
      at = end;
    } else if (character === '"') {
      const start = at;
      word ??= "";
      for (at++; line[at] !== '"'; at++) {
        if (line[at] === "\\" && (line[at + 1] === '"' || line[at + 1] === "\\")) at++;
        if (at >= line.length) return { problem: "this double quote is not closed", offset: start };
        word += line[at];
      }
    } else if (character === "\\") {
      if (at + 1 >= line.length) {
        return { problem: "nothing follows the backslash at the end", offset: at };
      }
      word = (word ?? "") + line[++at];
    } else if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (word !== undefined) words.push(word);
  return { words };
}
