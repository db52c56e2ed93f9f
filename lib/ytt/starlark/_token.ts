/** Kinds of token. Punctuation and keywords are their own kind. */
export type TokenKind = string;

/** A scanned token; `value` is set for literals, `text` for identifiers. */
export interface Token {
  kind: TokenKind;
  /** Packed position, see `_position.ts`. */
  pos: number;
  text: string;
  value: number | bigint | string;
}

/** Kinds that are neither punctuation nor keyword, named as starlark-go's messages name them. */
export const EOF = "end of file";
export const NEWLINE = "newline";
export const INDENT = "indent";
export const OUTDENT = "outdent";
export const IDENT = "identifier";
export const INT = "int literal";
export const FLOAT = "float literal";
export const STRING = "string literal";

/** Words that cannot be identifiers; the second list is reserved without having a use. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  "and break continue def elif else for if in lambda load not or pass return".split(" "),
);
export const RESERVED: ReadonlySet<string> = new Set(
  ("as class del except finally from global import is nonlocal raise try while with yield")
    .split(" "),
);

/** Punctuation by first character, longest first. */
export const PUNCTUATION: readonly string[] = [
  "//=",
  "<<=",
  ">>=",
  "**",
  "//",
  "<<",
  ">>",
  "==",
  "!=",
  "<=",
  ">=",
  "+=",
  "-=",
  "*=",
  "/=",
  "%=",
  "&=",
  "|=",
  "^=",
  "+",
  "-",
  "*",
  "/",
  "%",
  "&",
  "|",
  "^",
  "~",
  ".",
  ",",
  "=",
  ";",
  ":",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  "<",
  ">",
];

const QUOTED = new Set(PUNCTUATION);

/** The way a message shows a token kind: punctuation in quotes, the rest bare. */
export function showKind(kind: TokenKind): string {
  if (RESERVED.has(kind)) return "illegal token";
  return QUOTED.has(kind) ? `'${kind}'` : kind;
}
