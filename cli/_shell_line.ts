/** A command line as the person typed it, up to the cursor. */
export interface ShellLine {
  /** Its words without their quotes; the last one is the one to complete, and may be empty. */
  readonly words: readonly string[];
  /** How many characters of the last word bash leaves alone. */
  readonly replaced: number;
  /** Whether the last word stands in quotes that are still open. */
  readonly quoted: boolean;
}

/** Where bash's completion begins a new word inside of one, by its default COMP_WORDBREAKS. */
const BREAKS = /[=:]/;

/**
 * Splits a line as bash does, and expands nothing.
 *
 * @param line What stands before the cursor.
 * @returns The words. What an unquoted `|`, `;` or `&` separates is one: bash gives one command.
 */
export function splitShellLine(line: string): ShellLine {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  let replaced = 0;
  for (let index = 0; index < line.length; index++) {
    const character = line[index]!;
    const escapes = quote === "" || quote === '"' && /["\\$`]/.test(line[index + 1] ?? "");
    if (character === "\\" && escapes) {
      word = (word ?? "") + (line[++index] ?? "");
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else word = (word ?? "") + character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
      replaced = word.length;
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      replaced = 0;
    } else {
      word = (word ?? "") + character;
      if (BREAKS.test(character)) replaced = word.length;
    }
  }
  return { words: [...words, word ?? ""], replaced, quoted: quote !== "" };
}
