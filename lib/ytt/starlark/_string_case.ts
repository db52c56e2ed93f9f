const LETTER = /^\p{L}$/u;
const DIGIT = /^\p{Nd}$/u;
const SPACE = /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/;
const TITLE_CASE = /^\p{Lt}$/u;
const LOWER = /^\p{Ll}$/u;
const UPPER = /^\p{Lu}$/u;

/** Go maps letter by letter, so "ß" has no upper case there. */
function mapLetters(text: string, map: (char: string) => string): string {
  let out = "";
  for (const char of text) {
    const mapped = map(char);
    // A byte that is not UTF-8 turns into the replacement character.
    if (char >= "\udc80" && char <= "\udcff") out += "\ufffd";
    else out += [...mapped].length === 1 ? mapped : char;
  }
  return out;
}

// deno-lint-ignore no-control-regex
const ASCII = /^[\x00-\x7f]*$/;

/** Every letter in lower case. */
export function lower(text: string): string {
  return ASCII.test(text) ? text.toLowerCase() : mapLetters(text, (c) => c.toLowerCase());
}

/** Every letter in upper case. */
export function upper(text: string): string {
  return ASCII.test(text) ? text.toUpperCase() : mapLetters(text, (c) => c.toUpperCase());
}

function isCased(char: string): boolean {
  return char.toLowerCase() !== char || char.toUpperCase() !== char;
}

/** Letters whose title case is not their upper case. */
const TITLES: ReadonlyMap<string, string> = new Map(
  ["Ǆǅǆ", "Ǉǈǉ", "Ǌǋǌ", "Ǳǲǳ"].flatMap((letters) => {
    const title = letters[1]!;
    return [...letters].map((letter): [string, string] => [letter, title]);
  }),
);

/** The first letter of each word in title case, the others in lower case. */
export function title(text: string): string {
  let out = "";
  let inside = false;
  for (const char of text) {
    out += inside ? lower(char) : TITLES.get(char) ?? upper(char);
    inside = isCased(char);
  }
  return out;
}

function isTitle(text: string): boolean {
  let cased = false;
  let previous = false;
  for (const char of text) {
    if ((char >= "A" && char <= "Z") || TITLE_CASE.test(char)) {
      if (previous) return false;
      previous = cased = true;
    } else if (LOWER.test(char)) {
      if (!previous) return false;
      previous = cased = true;
    } else if (UPPER.test(char)) return false;
    else previous = false;
  }
  return cased;
}

function every(text: string, test: (char: string) => boolean): boolean {
  if (text === "") return false;
  for (const char of text) if (!test(char)) return false;
  return true;
}

/** Whether Go's `unicode.IsSpace` holds. */
export function isSpace(char: string): boolean {
  return SPACE.test(char);
}

/** The methods that ask whether a string is all of one kind. */
export const predicates: readonly (readonly [string, (text: string) => boolean])[] = [
  ["isalnum", (s) => every(s, (c) => LETTER.test(c) || DIGIT.test(c))],
  ["isalpha", (s) => every(s, (c) => LETTER.test(c))],
  ["isdigit", (s) => every(s, (c) => DIGIT.test(c))],
  ["islower", (s) => [...s].some(isCased) && s === lower(s)],
  ["isspace", (s) => every(s, isSpace)],
  ["istitle", isTitle],
  ["isupper", (s) => [...s].some(isCased) && s === upper(s)],
];
