/** Tokens to nodes: documents, anchors, tags and merge keys. */
import { StarlarkFloat } from "../starlark/float.ts";
import { YamlError } from "./error.ts";
import {
  ArrayItem,
  Document,
  MapItem,
  type Scalar,
  YamlArray,
  YamlMap,
  type YamlNode,
  type YamlValue,
} from "./nodes.ts";
import { Position, type SourceFile } from "./position.ts";
import { resolvePlain, resolveTagged } from "./resolve.ts";
import { isMergeKey, type Merge, merged } from "./_merge.ts";
import { Scanner } from "./_scanner.ts";
import { Style, T, type Token } from "./_tokens.ts";
import { StrictError, strictProblem } from "./strict.ts";

/** Nesting deeper than this is refused: our own recursion has to stay inside the stack. */
const maxNesting = 1000;
const yamlTag = "tag:yaml.org,2002:";

/** Composes all documents of a text. */
export class Composer {
  readonly scanner: Scanner;
  /** Nodes that were written in the text, in order, for attaching comments. */
  readonly written: YamlNode[] = [];
  #anchors = new Map<string, { value: YamlValue; size: number } | null>();
  #tags = new Map<string, string>();
  #depth = 0;
  #made = 0;
  #aliased = 0;
  /** The line that stands for 0, should lines have been put before the text. */
  readonly #offset: number;

  constructor(
    text: string,
    offset: number,
    readonly file: SourceFile,
    readonly strict: boolean,
  ) {
    this.scanner = new Scanner(text);
    this.#offset = offset;
  }

  /** Parser errors carry the line before the token, as yaml.v2 reports them. */
  #fail(problem: string, token: Token): never {
    throw new YamlError(problem, token.line);
  }

  #at(token: Token): Position {
    return new Position(this.file, token.line + 1 + this.#offset);
  }

  documents(): Document[] {
    const scanner = this.scanner;
    const documents: Document[] = [];
    let first = true;
    for (;;) {
      while (scanner.peek().t === T.DocumentEnd) scanner.next();
      let token = scanner.peek();
      if (token.t === T.StreamEnd) return documents;
      this.#tags = new Map([["!", "!"], ["!!", yamlTag]]);
      let directives = false;
      while (token.t === T.VersionDirective || token.t === T.TagDirective) {
        if (token.t === T.VersionDirective) {
          if (token.value !== "1.1" && token.value !== "1.2") {
            this.#fail("found incompatible YAML document", token);
          }
        } else {
          this.#tags.set(token.value, token.suffix);
        }
        directives = true;
        scanner.next();
        token = scanner.peek();
      }
      const explicit = token.t === T.DocumentStart;
      if (!explicit && (!first || directives)) {
        this.#fail("did not find expected <document start>", token);
      }
      if (explicit) scanner.next();
      first = false;
      this.#anchors.clear();
      const document = new Document(null, this.#at(token));
      this.written.push(document);
      const next = scanner.peek().t;
      if (
        next !== T.DocumentStart && next !== T.DocumentEnd && next !== T.StreamEnd &&
        next !== T.VersionDirective && next !== T.TagDirective
      ) {
        document.value = this.#node(true, false);
      }
      documents.push(document);
      const end = scanner.peek();
      if (end.t === T.DocumentEnd) {
        scanner.next();
        first = true;
      } else if (end.t !== T.DocumentStart && end.t !== T.StreamEnd) {
        this.#fail("did not find expected <document start>", end);
      }
    }
  }

  #node(block: boolean, indentlessAllowed: boolean): YamlValue {
    const scanner = this.scanner;
    let token = scanner.peek();
    if (token.t === T.Alias) {
      scanner.next();
      return this.#alias(token);
    }
    const start = token;
    let anchor: string | undefined;
    let tag: string | undefined;
    while (token.t === T.Anchor || token.t === T.Tag) {
      if (token.t === T.Anchor) {
        if (anchor !== undefined) break;
        anchor = token.value;
      } else {
        if (tag !== undefined) break;
        tag = this.#resolveTag(token);
      }
      scanner.next();
      token = scanner.peek();
    }
    if (anchor !== undefined) this.#anchors.set(anchor, null);
    if (++this.#depth > maxNesting) {
      throw new YamlError(`exceeded max depth of ${maxNesting}`, token.line + 1);
    }
    const before = this.#made;
    const value = this.#content(token, start, tag, anchor, block, indentlessAllowed);
    this.#depth--;
    this.#made++;
    if (anchor !== undefined) {
      this.#anchors.set(anchor, { value, size: this.#made - before });
    }
    return value;
  }

  #content(
    token: Token,
    start: Token,
    tag: string | undefined,
    anchor: string | undefined,
    block: boolean,
    indentlessAllowed: boolean,
  ): YamlValue {
    switch (token.t) {
      case T.Scalar:
        this.scanner.next();
        return this.#scalar(token, tag);
      case T.FlowSequenceStart:
        return this.#flowSequence();
      case T.FlowMappingStart:
        return this.#flowMapping();
      case T.BlockSequenceStart:
        if (block) return this.#blockSequence(false);
        break;
      case T.BlockMappingStart:
        if (block) return this.#blockMapping();
        break;
      case T.BlockEntry:
        if (indentlessAllowed) return this.#blockSequence(true);
        break;
    }
    if (anchor !== undefined || tag !== undefined) {
      return tag === undefined || tag === "!" ? null : this.#scalar(
        { ...start, t: T.Scalar, value: "", style: Style.Plain },
        tag,
      );
    }
    this.#fail("did not find expected node content", token);
  }

  #scalar(token: Token, tag: string | undefined): Scalar {
    const text = token.value;
    if (tag === undefined) {
      if (token.style !== Style.Plain) return text;
      const found = resolvePlain(text);
      if (this.strict && found.tag !== "str") {
        const problem = strictProblem(text, found);
        if (problem !== undefined) throw new StrictError(problem, token.line + 1);
      }
      return found.value;
    }
    if (!tag.startsWith(yamlTag)) return text;
    const short = tag.slice(yamlTag.length);
    if (short === "binary") {
      try {
        return new TextDecoder("utf-8", { fatal: true }).decode(
          Uint8Array.from(atob(text.replace(/\s/g, "")), (c) => c.charCodeAt(0)),
        );
      } catch {
        // Neither base64 nor UTF-8: both are the author's mistake, and yaml.v2 has one text for it.
        throw new YamlError("!!binary value contains invalid base64 data", 0);
      }
    }
    const value = resolveTagged(text, short);
    if (value === undefined) {
      const found = token.style === Style.Plain ? resolvePlain(text).tag : "str";
      throw new YamlError(`cannot decode !!${found} \`${text}\` as a !!${short}`, 0);
    }
    return value;
  }

  #resolveTag(token: Token): string {
    if (token.value === "") return token.suffix;
    const prefix = this.#tags.get(token.value);
    if (prefix === undefined) this.#fail("found undefined tag handle", token);
    return prefix + token.suffix;
  }

  #alias(token: Token): YamlValue {
    const found = this.#anchors.get(token.value);
    const line = token.line + 1;
    if (found === undefined) {
      throw new YamlError(`unknown anchor '${token.value}' referenced`, line);
    }
    if (found === null) throw new YamlError(`anchor '${token.value}' value contains itself`, line);
    this.#aliased += found.size;
    this.#made += found.size;
    if (this.#aliased > 100 && this.#made > 1000) {
      // yaml.v2's bound: 99 % up to 400,000 nodes, going down to 10 % at 4,000,000.
      const allowed = this.#made <= 400_000
        ? 0.99
        : this.#made >= 4_000_000
        ? 0.1
        : 0.99 - 0.89 * (this.#made - 400_000) / 3_600_000;
      if (this.#aliased / this.#made > allowed) {
        throw new YamlError("document contains excessive aliasing", line);
      }
    }
    return typeof found.value === "object" && found.value !== null &&
        !(found.value instanceof StarlarkFloat)
      ? found.value.copy() as YamlValue
      : found.value;
  }

  #blockSequence(indentless: boolean): YamlArray {
    const scanner = this.scanner;
    const array = new YamlArray([], this.#at(scanner.peek()));
    if (!indentless) scanner.next();
    for (;;) {
      const token = scanner.peek();
      if (token.t === T.BlockEntry) {
        const item = new ArrayItem(null, this.#at(token));
        this.written.push(item);
        scanner.next();
        const next = scanner.peek().t;
        if (
          next !== T.BlockEntry && next !== T.BlockEnd &&
          !(indentless && (next === T.Key || next === T.Value))
        ) {
          item.value = this.#node(true, false);
        }
        array.items.push(item);
      } else if (indentless) {
        return array;
      } else if (token.t === T.BlockEnd) {
        scanner.next();
        return array;
      } else {
        this.#fail("did not find expected '-' indicator", token);
      }
    }
  }

  #blockMapping(): YamlMap {
    const scanner = this.scanner;
    const start = scanner.next();
    const map = new YamlMap([], this.#at(start));
    const merges: Merge[] = [];
    for (;;) {
      const token = scanner.peek();
      if (token.t === T.BlockEnd) {
        scanner.next();
        break;
      }
      if (token.t !== T.Key && token.t !== T.Value) {
        this.#fail("did not find expected key", token);
      }
      let key: Scalar = null;
      let merge = false;
      if (token.t === T.Key) {
        scanner.next();
        const next = scanner.peek();
        if (next.t !== T.Key && next.t !== T.Value && next.t !== T.BlockEnd) {
          merge = isMergeKey(next);
          key = this.#key(this.#node(true, true), next);
        }
      }
      this.#item(map, merges, token, key, merge, true);
    }
    return merged(map, merges);
  }

  #item(
    map: YamlMap,
    merges: Merge[],
    token: Token,
    key: Scalar,
    merge: boolean,
    block: boolean,
  ): void {
    const scanner = this.scanner;
    const item = new MapItem(key, null, this.#at(token));
    if (!merge) this.written.push(item);
    if (scanner.peek().t === T.Value) {
      scanner.next();
      const next = scanner.peek().t;
      const none = block
        ? next === T.Key || next === T.Value || next === T.BlockEnd
        : next === T.FlowEntry || next === T.FlowMappingEnd || next === T.FlowSequenceEnd;
      if (!none) item.value = this.#node(block, block);
    }
    if (merge) merges.push({ index: map.items.length, value: item.value, token });
    else map.items.push(item);
  }

  #key(value: YamlValue, token: Token): Scalar {
    if (typeof value !== "object" || value === null || value instanceof StarlarkFloat) return value;
    const shown = value instanceof YamlArray ? "sequence" : "map";
    throw new YamlError(`invalid map key: a ${shown}`, token.line + 1);
  }

  #flowSequence(): YamlArray {
    const scanner = this.scanner;
    const array = new YamlArray([], this.#at(scanner.next()));
    for (let first = true;; first = false) {
      let token = scanner.peek();
      if (token.t !== T.FlowSequenceEnd) {
        if (!first) {
          if (token.t !== T.FlowEntry) this.#fail("did not find expected ',' or ']'", token);
          scanner.next();
          token = scanner.peek();
        }
      }
      if (token.t === T.FlowSequenceEnd) {
        scanner.next();
        return array;
      }
      const item = new ArrayItem(null, this.#at(token));
      this.written.push(item);
      item.value = token.t === T.Key ? this.#flowPair(token) : this.#node(false, false);
      array.items.push(item);
    }
  }

  /** `[a: b]` is a sequence with a map of one pair. */
  #flowPair(token: Token): YamlMap {
    const scanner = this.scanner;
    scanner.next();
    const map = new YamlMap([], this.#at(token));
    const next = scanner.peek();
    const none = next.t === T.Value || next.t === T.FlowEntry || next.t === T.FlowSequenceEnd;
    const key = none ? null : this.#key(this.#node(false, false), next);
    this.#item(map, [], token, key, false, false);
    return map;
  }

  #flowMapping(): YamlMap {
    const scanner = this.scanner;
    const map = new YamlMap([], this.#at(scanner.next()));
    const merges: Merge[] = [];
    for (let first = true;; first = false) {
      let token = scanner.peek();
      if (token.t !== T.FlowMappingEnd && !first) {
        if (token.t !== T.FlowEntry) this.#fail("did not find expected ',' or '}'", token);
        scanner.next();
        token = scanner.peek();
      }
      if (token.t === T.FlowMappingEnd) {
        scanner.next();
        return merged(map, merges);
      }
      let key: Scalar = null;
      let merge = false;
      if (token.t === T.Key) scanner.next();
      const next = scanner.peek();
      if (next.t !== T.Value && next.t !== T.FlowEntry && next.t !== T.FlowMappingEnd) {
        merge = isMergeKey(next);
        key = this.#key(this.#node(false, false), next);
      }
      this.#item(map, merges, token, key, merge, false);
    }
  }
}
