/** Classes of characters. */

/** Whether a code unit ends a word: blank, line break or end of text. */
export function isBlankOrEnd(c: number): boolean {
  return c === 32 || c === 9 || c === 10 || c === 13 || c === 0 || c === 0x85 || c === 0x2028 ||
    c === 0x2029;
}

/** Whether a code unit is a line break of YAML 1.1. */
export function isBreak(c: number): boolean {
  return c === 10 || c === 13 || c === 0x85 || c === 0x2028 || c === 0x2029;
}

/** Indicators that a plain scalar cannot start with, but for some exceptions. */
export const plainStoppers = new Set([..."-?:,[]{}#&*!|>'\"%@`"].map((c) => c.charCodeAt(0)));
/** What may follow an anchor without a blank. */
export const anchorEnds = new Set([..."?:,]}%@`"].map((c) => c.charCodeAt(0)));

/** A space or a tab. */
export function isBlank(c: number): boolean {
  return c === 32 || c === 9;
}

/** What anchors and tag handles consist of. */
export function isWordChar(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 ||
    c === 45;
}

/** What tags consist of. */
export function isTagChar(c: number, verbatim: boolean): boolean {
  return isWordChar(c) || ";/?:@&=+$.%!~*'()".includes(String.fromCharCode(c)) ||
    (verbatim && (c === 44 || c === 91 || c === 93));
}
