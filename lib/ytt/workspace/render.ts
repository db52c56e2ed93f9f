/** The whole run: files in, documents and texts out. */
import { preload } from "../library/preload.ts";
import { limitOf, TemplateError } from "../template/error.ts";
import { printDocuments } from "../yaml/emit.ts";
import { printJsonDocuments } from "../yaml/json.ts";
import type { Document } from "../yaml/nodes.ts";
import { type PlainValue, toPlain } from "../yaml/plain.ts";
import { printPositions } from "../yaml/print_positions.ts";
import type { LibraryValues } from "./data_values.ts";
import { YttError } from "./error.ts";
import { Execution, type FileResult } from "./execution.ts";
import { type InputFile, WorkFile } from "./file.ts";
import { flagValues, type ValueFlags } from "./flags.ts";
import { Library } from "./library.ts";
import { applyMarks } from "./marks.ts";
import { Session, type SessionOptions } from "./session.ts";
import { openApiDocument } from "../schema/openapi.ts";
import { printValue } from "../yaml/emit.ts";

/** What {@link render} takes. */
export interface RenderOptions extends SessionOptions, ValueFlags {
  /** The input, in the order of evaluation. */
  readonly files: readonly InputFile[];
  /** Marks such as `config.json:type=data`. Default: none. */
  readonly fileMarks?: readonly string[];
}

/** How documents are printed. */
export type OutputFormat = "yaml" | "json" | "pos";

/** What one file gave. */
export interface RenderedFile {
  /** The path of the input file. */
  readonly path: string;
  /** Its documents that are not empty; none for a text file. */
  documents(): PlainValue[];
  /** The text of the file in the format asked for. Default: YAML. */
  text(format?: OutputFormat): string;
}

/** The result of {@link render}. */
export interface Rendered {
  /** Everything that is for output, by file. */
  readonly files: readonly RenderedFile[];
  /** All documents, in order. */
  documents(): PlainValue[];
  /** All documents as one text. Default: YAML. */
  output(format?: OutputFormat): string;
}

/** Evaluates templates. Throws {@link YttError}. */
export async function render(options: RenderOptions): Promise<Rendered> {
  await prepare(options);
  return guarded(() => {
    const results = execution(options).evaluate().map((result) => ({
      ...result,
      kept: kept(result),
    }));
    const all = results.flatMap((result) => result.kept);
    return {
      files: results.map(({ path, text, kept }) => ({
        path,
        documents: () => kept.map(({ value }) => toPlain(value)),
        text: (format: OutputFormat = "yaml") => text ?? printAll(kept, format),
      })),
      documents: () => all.map(({ value }) => toPlain(value)),
      output: (format = "yaml") => printAll(all, format),
    };
  });
}

/** The final data values of the same input, as YAML. Throws {@link YttError}. */
export async function inspectValues(
  options: RenderOptions,
  format: OutputFormat = "yaml",
): Promise<string> {
  await prepare(options);
  return guarded(() => printAll([execution(options).values().document], format));
}

/** The schema of the data values as an OpenAPI 3 document. Throws {@link YttError}. */
export async function inspectSchema(options: RenderOptions): Promise<string> {
  await prepare(options);
  return guarded(() => printValue(openApiDocument(execution(options).schema())));
}

/** Loads the packages behind some modules, if a file asks for one. */
async function prepare({ files }: RenderOptions): Promise<void> {
  await preload(texts(files));
}

function* texts(files: readonly InputFile[]): Iterable<string> {
  for (const input of files) {
    if (typeof input.data === "string") yield input.data;
    else if (/\.(ya?ml|star|txt)$/.test(input.path)) {
      const data = typeof input.data === "function" ? input.data() : input.data;
      yield typeof data === "string" ? data : new TextDecoder().decode(data);
    }
  }
}

function execution(options: RenderOptions): Execution {
  const files = options.files.map((file) => new WorkFile(file));
  const marked = applyMarks(files, options.fileMarks ?? []);
  const session = new Session(options);
  const added: LibraryValues = flagValues(options);
  return new Execution(session, new Library("", marked), added);
}

function kept({ documents }: FileResult): Document[] {
  return (documents?.items ?? []).filter((item) => !item.injected && !item.isEmpty());
}

function printAll(documents: readonly Document[], format: OutputFormat): string {
  const print = { yaml: printDocuments, json: printJsonDocuments, pos: printPositions }[format];
  return guarded(() => print(documents));
}

/** Every failure leaves as a `YttError`, our own stack included. */
export function guarded<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (error instanceof YttError) throw error;
    const limit = limitOf(error);
    const cause = error as Error & { context?: string; cause?: unknown };
    const message = error instanceof RangeError && /stack/i.test(error.message)
      ? "input is nested too deeply"
      : cause.message;
    const inner = cause.context === undefined ? error : cause.cause;
    throw new YttError(message, {
      context: cause.context,
      limit: limit?.limit,
      issues: inner instanceof TemplateError ? inner.issues : [],
      cause: error,
    });
  }
}
