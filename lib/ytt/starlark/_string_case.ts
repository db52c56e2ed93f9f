import { TextBuilder } from "./_text_builder.ts";
import { work } from "./_work.ts";

const LETTERS = /^\p{L}+$/u;
const LETTERS_AND_DIGITS = /^[\p{L}\p{Nd}]+$/u;
const DIGITS = /^\p{Nd}+$/u;
const SPACES = /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/;
const TITLE_CASE = /^\p{Lt}$/u;
const LOWER = /^\p{Ll}$/u;
const UPPER = /^\p{Lu}$/u;

let expanding: RegExp | undefined;

/** Letters whose upper case is more than one letter in JavaScript, like "ß"; Go keeps them. */
function expandingLetters(): RegExp {
  if (expanding === undefined) {
    let letters = "";
    for (let code = 0x80; code < 0x10000; code++) {
      const char = String.fromCharCode(code);
      if (char.toUpperCase().length > 1) letters += char;
    }
    expanding = new RegExp(`([${letters}])`);
  }
  return expanding;
}

/** Every letter in lower case. Unlike JavaScript, Go knows no final sigma. */
export function lower(text: string): string {
  return clean(text).replaceAll("Σ", "σ").replaceAll("İ", "i").toLowerCase();
}

/** Every letter in upper case. */
export function upper(text: string): string {
  const plain = clean(text);
  const upper = plain.toUpperCase();
  if (upper.length === plain.length) return upper;
  const parts = plain.split(expandingLetters());
  return parts.map((part, i) => i % 2 === 1 ? part : part.toUpperCase()).join("");
}

/** A byte that is not UTF-8 turns into the replacement character. */
function clean(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}

function isCased(text: string): boolean {
  return text.toLowerCase() !== text || text.toUpperCase() !== text;
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
  work(text.length);
  const out = new TextBuilder();
  let inside = false;
  for (const char of text) {
    out.add(inside ? lower(char) : TITLES.get(char) ?? upper(char));
    inside = isCased(char);
  }
  return out.toString();
}

function isTitle(text: string): boolean {
  work(text.length);
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

/** Whether Go's `unicode.IsSpace` holds. */
export function isSpace(char: string): boolean {
  return SPACES.test(char);
}

/** The methods that ask whether a string is all of one kind. */
export const predicates: readonly (readonly [string, (text: string) => boolean])[] = [
  ["isalnum", (s) => LETTERS_AND_DIGITS.test(s)],
  ["isalpha", (s) => LETTERS.test(s)],
  ["isdigit", (s) => DIGITS.test(s)],
  ["islower", (s) => isCased(s) && s === lower(s)],
  ["isspace", (s) => SPACES.test(s)],
  ["istitle", isTitle],
  ["isupper", (s) => isCased(s) && s === upper(s)],
];
