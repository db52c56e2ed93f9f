/**
 * Splits a command line into words as a shell does: quotes and backslashes, but no variables.
 *
 * @returns The words, or what is wrong.
 */
export function shellWords(text: string): readonly string[] | { readonly problem: string } {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === "'") {
      const end = text.indexOf("'", at + 1);
      if (end === -1) return { problem: "a single quote is not closed" };
      word = (word ?? "") + text.slice(at + 1, end);
      at = end;
    } else if (character === '"') {
      word ??= "";
      for (at++; text[at] !== '"'; at++) {
        if (at >= text.length) return { problem: "a double quote is not closed" };
        if (text[at] === "\\" && /["\\$`\n]/.test(text[at + 1] ?? "")) at++;
        word += text[at];
      }
    } else if (character === "\\") {
      if (at + 1 >= text.length) return { problem: "nothing follows the last backslash" };
      at++;
      if (text[at] !== "\n") word = (word ?? "") + text[at];
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}
