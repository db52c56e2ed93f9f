/** From the text of a file to its documents. */
import { attachComments } from "./comments.ts";
import { YamlError } from "./error.ts";
import { Document, DocumentSet } from "./nodes.ts";
import { Position, SourceFile } from "./position.ts";
import { Composer } from "./_composer.ts";

/** How to read. */
export interface ReadOptions {
  /** The file's name in messages. Default: none. */
  readonly name?: string;
  /** Refuses scalars that YAML 1.1 and 1.2 read differently. Default: false. */
  readonly strict?: boolean;
  /** Leaves comments out. Default: false. */
  readonly withoutComments?: boolean;
}

// deno-lint-ignore no-control-regex -- these are the characters that YAML forbids
const forbidden = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff]|(?!^)\ufeff/;

/** Reads all documents of `input`. Throws {@link YamlError}. */
export function readYaml(input: string | Uint8Array, options: ReadOptions = {}): DocumentSet {
  const text = (typeof input === "string" ? input : decode(input)).replace(/^\ufeff/, "");
  const file = new SourceFile(options.name ?? "", text);
  const control = forbidden.exec(text);
  if (control !== null) {
    throw new YamlError("control characters are not allowed", lineOf(text, control.index));
  }
  // As ytt does, so that every document has its own `---`; the lines then start at 0.
  const marked = text.startsWith("---");
  const composer = new Composer(
    marked ? text : `---\n${text}`,
    marked ? 0 : -1,
    file,
    !!options.strict,
  );
  let documents: Document[];
  try {
    documents = composer.documents();
  } catch (error) {
    if (marked || !(error instanceof YamlError) || error.line === 0) throw error;
    throw located(error);
  }
  const set = new DocumentSet(documents, new Position(file, 0));
  const implicit = marked ? undefined : documents[0];
  if (options.withoutComments) {
    if (implicit !== undefined) implicit.position = new Position(file, 1);
    return set;
  }
  const offset = marked ? 1 : 0;
  const comments = composer.scanner.comments.map(({ line, data }) => ({
    data,
    position: new Position(file, line + offset),
  }));
  const rest = attachComments(composer.written, comments);
  // Only now: the comments of line 1 are not its own.
  if (implicit !== undefined) {
    implicit.position = new Position(file, 1);
    implicit.implicit = true;
  }
  if (rest.length > 0) {
    const end = new Document(null, new Position(file, 0));
    end.injected = true;
    end.comments = rest;
    set.items.push(end);
  }
  return set;
}

/** The same error without counting the `---` that was put before the text. */
function located(error: YamlError): YamlError {
  return new YamlError(error.problem, Math.max(error.line - 1, 1));
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Decoding says nothing of where: decode line by line to find out.
    let line = 1;
    let start = 0;
    for (let i = 0; i <= bytes.length; i++) {
      if (i < bytes.length && bytes[i] !== 10) continue;
      try {
        new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, i));
      } catch {
        throw new YamlError("invalid leading UTF-8 octet", line);
      }
      line++;
      start = i + 1;
    }
    throw new YamlError("incomplete UTF-8 octet sequence", line);
  }
}

function lineOf(text: string, index: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < index; i = text.indexOf("\n", i + 1)) line++;
  return line;
}
