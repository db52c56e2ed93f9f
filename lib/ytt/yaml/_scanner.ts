/**
 * Text to tokens, by libyaml's rules (simple keys, indents, flow levels), because its rules are
 * what decides which texts are errors and where. Unlike libyaml it keeps the comments.
 */
import { anchorEnds, isBlank, isBlankOrEnd, isBreak, isWordChar, plainStoppers } from "./_chars.ts";
import { YamlError } from "./error.ts";
import { scanTag } from "./_tag.ts";
import { scanBlockScalar, scanPlain, scanQuoted } from "./_scalars.ts";
import { type SimpleKey, Style, T, type Token } from "./_tokens.ts";

/** A comment as the scanner sees it; `line` is 0-based. */
export interface RawComment {
  readonly line: number;
  readonly data: string;
}

/** Flow collections and block levels deeper than this are refused. */
export const maxDepth = 10_000;

/** A pull scanner: `peek()` and `next()`. */
export class Scanner {
  /** The text with a NUL behind it, so that no end test is needed. */
  readonly text: string;
  pos = 0;
  line = 0;
  lineStart = 0;
  flowLevel = 0;
  indent = -1;
  simpleKeyAllowed = true;
  readonly comments: RawComment[] = [];
  #end: number;
  #queue: Token[] = [];
  #head = 0;
  #parsed = 0;
  #indents: number[] = [];
  #keys: SimpleKey[] = [noKey()];
  #possibleKeys = 0;
  #done = false;

  constructor(text: string) {
    this.#end = text.length;
    this.text = text + "\0";
  }

  get column(): number {
    return this.pos - this.lineStart;
  }

  /** A scanner error at the current line. */
  fail(problem: string): never {
    throw new YamlError(problem, this.line + 1);
  }

  /** Whether the text has ended. */
  get atEnd(): boolean {
    return this.pos >= this.#end;
  }

  peek(): Token {
    if (this.#needMore()) this.#fetchMore();
    return this.#queue[this.#head]!;
  }

  next(): Token {
    const token = this.peek();
    this.#head++;
    this.#parsed++;
    if (this.#head === this.#queue.length || this.#head > 1024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return token;
  }

  /** Steps over one line break. */
  skipBreak(): void {
    const c = this.text.charCodeAt(this.pos);
    this.pos += c === 13 && this.text.charCodeAt(this.pos + 1) === 10 ? 2 : 1;
    this.line++;
    this.lineStart = this.pos;
  }

  /** The rest of the line is a comment; `pos` is at its `#`. */
  takeComment(): void {
    const start = ++this.pos;
    while (!isBreak(this.text.charCodeAt(this.pos)) && !this.atEnd) this.pos++;
    this.comments.push({ line: this.line, data: this.text.slice(start, this.pos) });
  }

  #needMore(): boolean {
    if (this.#head === this.#queue.length) return true;
    if (this.#possibleKeys === 0) return false;
    this.#dropStaleKeys();
    return this.#keys.some((key) => key.possible && key.tokenNumber === this.#parsed);
  }

  #fetchMore(): void {
    do {
      if (this.#done) return;
      this.#fetchNext();
    } while (this.#needMore());
  }

  #push(t: T, line = this.line, value = "", style = Style.Plain, suffix = ""): void {
    this.#queue.push({ t, line, value, suffix, style });
  }

  #fetchNext(): void {
    this.#skipToToken();
    if (this.#possibleKeys > 0) this.#dropStaleKeys();
    const column = this.column;
    this.#unroll(column);
    const text = this.text;
    const c = text.charCodeAt(this.pos);
    if (c === 0 && this.atEnd) return this.#streamEnd();
    if (column === 0) {
      if (c === 37) return this.#directive();
      if (
        (c === 45 || c === 46) && isBlankOrEnd(text.charCodeAt(this.pos + 3)) &&
        text.charCodeAt(this.pos + 1) === c && text.charCodeAt(this.pos + 2) === c
      ) {
        return this.#documentIndicator(c === 45 ? T.DocumentStart : T.DocumentEnd);
      }
    }
    switch (c) {
      case 91:
        return this.#flowStart(T.FlowSequenceStart);
      case 123:
        return this.#flowStart(T.FlowMappingStart);
      case 93:
        return this.#flowEnd(T.FlowSequenceEnd);
      case 125:
        return this.#flowEnd(T.FlowMappingEnd);
      case 44:
        return this.#flowEntry();
      case 45:
        if (isBlankOrEnd(text.charCodeAt(this.pos + 1))) return this.#blockEntry();
        break;
      case 63:
        if (this.flowLevel > 0 || isBlankOrEnd(text.charCodeAt(this.pos + 1))) return this.#key();
        break;
      case 58:
        if (this.flowLevel > 0 || isBlankOrEnd(text.charCodeAt(this.pos + 1))) return this.#value();
        break;
      case 42:
        return this.#anchor(T.Alias);
      case 38:
        return this.#anchor(T.Anchor);
      case 33:
        return this.#tag();
      case 124:
        if (this.flowLevel === 0) return this.#blockScalar(Style.Literal);
        break;
      case 62:
        if (this.flowLevel === 0) return this.#blockScalar(Style.Folded);
        break;
      case 39:
        return this.#scalar(Style.SingleQuoted);
      case 34:
        return this.#scalar(Style.DoubleQuoted);
    }
    const plain = !(isBlankOrEnd(c) || plainStoppers.has(c)) ||
      (c === 45 && !isBlank(text.charCodeAt(this.pos + 1))) ||
      (this.flowLevel === 0 && (c === 63 || c === 58) &&
        !isBlankOrEnd(text.charCodeAt(this.pos + 1)));
    if (plain) return this.#scalar(Style.Plain);
    this.fail("found character that cannot start any token");
  }

  #skipToToken(): void {
    const text = this.text;
    for (;;) {
      if (this.pos === 0 && text.charCodeAt(0) === 0xfeff) {
        this.pos++;
        this.lineStart++;
      }
      let c = text.charCodeAt(this.pos);
      while (c === 32 || (c === 9 && (this.flowLevel > 0 || !this.simpleKeyAllowed))) {
        c = text.charCodeAt(++this.pos);
      }
      if (c === 35) {
        this.takeComment();
        c = text.charCodeAt(this.pos);
      }
      if (!isBreak(c)) return;
      this.skipBreak();
      if (this.flowLevel === 0) this.simpleKeyAllowed = true;
    }
  }

  // --- simple keys ---

  #dropStaleKeys(): void {
    for (const key of this.#keys) {
      if (key.possible && (key.line < this.line || key.pos + 1024 < this.pos)) {
        if (key.required) this.fail("could not find expected ':'");
        key.possible = false;
        this.#possibleKeys--;
      }
    }
  }

  #saveKey(): void {
    if (!this.simpleKeyAllowed) return;
    const required = this.flowLevel === 0 && this.indent === this.column;
    this.#removeKey();
    this.#keys[this.#keys.length - 1] = {
      possible: true,
      required,
      tokenNumber: this.#parsed + (this.#queue.length - this.#head),
      pos: this.pos,
      line: this.line,
      column: this.column,
    };
    this.#possibleKeys++;
  }

  #removeKey(): void {
    const key = this.#keys[this.#keys.length - 1]!;
    if (!key.possible) return;
    if (key.required) this.fail("could not find expected ':'");
    key.possible = false;
    this.#possibleKeys--;
  }

  // --- indents ---

  #roll(column: number, t: T, line: number, tokenNumber = -1): void {
    if (this.flowLevel > 0 || this.indent >= column) return;
    this.#indents.push(this.indent);
    this.indent = column;
    if (this.#indents.length > maxDepth) this.fail(`exceeded max depth of ${maxDepth}`);
    const token: Token = { t, line, value: "", suffix: "", style: Style.Plain };
    if (tokenNumber < 0) this.#queue.push(token);
    else this.#queue.splice(this.#head + tokenNumber - this.#parsed, 0, token);
  }

  #unroll(column: number): void {
    if (this.flowLevel > 0) return;
    while (this.indent > column) {
      this.#push(T.BlockEnd);
      this.indent = this.#indents.pop()!;
    }
  }

  // --- tokens ---

  #streamEnd(): void {
    this.#unroll(-1);
    this.#removeKey();
    this.simpleKeyAllowed = false;
    this.#done = true;
    this.#push(T.StreamEnd);
  }

  #documentIndicator(t: T): void {
    this.#unroll(-1);
    this.#removeKey();
    this.simpleKeyAllowed = false;
    this.#push(t);
    this.pos += 3;
  }

  #flowStart(t: T): void {
    this.#saveKey();
    this.#keys.push(noKey());
    if (++this.flowLevel > maxDepth) this.fail(`exceeded max depth of ${maxDepth}`);
    this.simpleKeyAllowed = true;
    this.#push(t);
    this.pos++;
  }

  #flowEnd(t: T): void {
    this.#removeKey();
    if (this.flowLevel > 0) {
      this.flowLevel--;
      this.#keys.pop();
    }
    this.simpleKeyAllowed = false;
    this.#push(t);
    this.pos++;
  }

  #flowEntry(): void {
    this.#removeKey();
    this.simpleKeyAllowed = true;
    this.#push(T.FlowEntry);
    this.pos++;
  }

  #blockEntry(): void {
    if (this.flowLevel === 0) {
      if (!this.simpleKeyAllowed) {
        this.fail("block sequence entries are not allowed in this context");
      }
      this.#roll(this.column, T.BlockSequenceStart, this.line);
    }
    this.#removeKey();
    this.simpleKeyAllowed = true;
    this.#push(T.BlockEntry);
    this.pos++;
  }

  #key(): void {
    if (this.flowLevel === 0) {
      if (!this.simpleKeyAllowed) this.fail("mapping keys are not allowed in this context");
      this.#roll(this.column, T.BlockMappingStart, this.line);
    }
    this.#removeKey();
    this.simpleKeyAllowed = this.flowLevel === 0;
    this.#push(T.Key);
    this.pos++;
  }

  #value(): void {
    const key = this.#keys[this.#keys.length - 1]!;
    if (key.possible) {
      const token: Token = { t: T.Key, line: key.line, value: "", suffix: "", style: Style.Plain };
      this.#queue.splice(this.#head + key.tokenNumber - this.#parsed, 0, token);
      this.#roll(key.column, T.BlockMappingStart, key.line, key.tokenNumber);
      key.possible = false;
      this.#possibleKeys--;
      this.simpleKeyAllowed = false;
    } else {
      if (this.flowLevel === 0) {
        if (!this.simpleKeyAllowed) this.fail("mapping values are not allowed in this context");
        this.#roll(this.column, T.BlockMappingStart, this.line);
      }
      this.simpleKeyAllowed = this.flowLevel === 0;
    }
    this.#push(T.Value);
    this.pos++;
  }

  #anchor(t: T): void {
    this.#saveKey();
    this.simpleKeyAllowed = false;
    const start = ++this.pos;
    while (isWordChar(this.text.charCodeAt(this.pos))) this.pos++;
    const c = this.text.charCodeAt(this.pos);
    if (this.pos === start || !(isBlankOrEnd(c) || anchorEnds.has(c))) {
      this.fail("did not find expected alphabetic or numeric character");
    }
    this.#push(t, this.line, this.text.slice(start, this.pos));
  }

  #tag(): void {
    this.#saveKey();
    this.simpleKeyAllowed = false;
    const line = this.line;
    const { handle, suffix } = scanTag(this);
    this.#push(T.Tag, line, handle, Style.Plain, suffix);
  }

  #blockScalar(style: Style): void {
    this.#removeKey();
    this.simpleKeyAllowed = true;
    const line = this.line;
    const value = scanBlockScalar(this, style === Style.Literal);
    this.#push(T.Scalar, line, value, style);
  }

  #scalar(style: Style): void {
    this.#saveKey();
    this.simpleKeyAllowed = false;
    const line = this.line;
    const value = style === Style.Plain
      ? scanPlain(this)
      : scanQuoted(this, style === Style.SingleQuoted);
    this.#push(T.Scalar, line, value, style);
  }

  #directive(): void {
    this.#unroll(-1);
    this.#removeKey();
    this.simpleKeyAllowed = false;
    const line = this.line;
    const start = this.pos;
    while (!isBreak(this.text.charCodeAt(this.pos)) && !this.atEnd) this.pos++;
    const text = this.text.slice(start, this.pos).replace(/[ \t]+#.*$/, "").trimEnd();
    const version = /^%YAML[ \t]+(\d+\.\d+)$/.exec(text);
    const tag = /^%TAG[ \t]+(!(?:[-\w]*!)?)[ \t]+(\S+)$/.exec(text);
    if (version !== null) this.#push(T.VersionDirective, line, version[1]);
    else if (tag !== null) this.#push(T.TagDirective, line, tag[1], Style.Plain, tag[2]);
    else if (/^%(YAML|TAG)\b/.test(text)) this.fail("did not find expected digit or '.' character");
    else this.fail("found unknown directive name");
  }
}

function noKey(): SimpleKey {
  return { possible: false, required: false, tokenNumber: 0, pos: 0, line: 0, column: 0 };
}
