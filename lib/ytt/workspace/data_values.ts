/** Data values: from files, from flags and from callers, in that order, checked by the schema. */
import { Thread } from "../starlark/thread.ts";
import { applyToDocuments } from "../overlay/apply.ts";
import type { Annotation } from "../yaml/nodes.ts";
import { Document, DocumentSet, YamlMap } from "../yaml/nodes.ts";
import type { Execution } from "./execution.ts";
import type { Loader } from "./loader.ts";
import { buildSchema, type Schema } from "../schema/schema.ts";
import { checkValues } from "../schema/check.ts";
import { fillDefaults } from "../schema/fill.ts";
import { validateValues, ValidationError } from "../schema/validate.ts";
import type { Caller } from "../schema/validation.ts";
import type { WorkFile } from "./file.ts";
import { withContext } from "./session.ts";
import { ValuesStruct } from "./values_struct.ts";

/** Marks a document with data values. */
export const valuesAnnotation = "data/values";
/** Marks a document with their schema. */
export const schemaAnnotation = "data/values-schema";
const libraryRef = "library/ref";

/** A document for a library inside: `path` are the names that lead to it, each with its alias. */
export interface ForChild {
  readonly path: readonly { readonly name: string; readonly alias: string }[];
  readonly kind: "values" | "schema";
  readonly document: Document;
  readonly from: string;
  readonly afterLibraryModule: boolean;
}

/** A document with data values. */
export interface ValuesDocument {
  readonly document: Document;
  /** The file, or what else messages call its origin. */
  readonly from: string;
}

/** What callers add to the schema and data values of a library. */
export interface LibraryValues {
  readonly schemas: readonly ValuesDocument[];
  readonly values: readonly ValuesDocument[];
  readonly forChildren: readonly ForChild[];
  /** No schema, no validation. Default: false. */
  readonly skipValidation?: boolean;
}

/** The final data values of a library. */
export interface BuiltValues {
  readonly document: Document;
  /** Documents for libraries inside. */
  readonly children: readonly ForChild[];
}

/** Builds the data values of a library. */
export function buildValues(execution: Execution): BuiltValues {
  const loader = execution.loader(new ValuesStruct(new Map()), []);
  const call = caller(execution);
  const schemas = collect(execution, loader, "schema");
  const schema = schemaOf(schemas.own, call);
  const values = collect(execution, loader, "values");
  const base: ValuesDocument[] = schema === undefined
    ? []
    : [{ document: schema.defaults(), from: "schema" }];
  const all = [...base, ...values.own];
  const document = inOrder("Overlaying data values", values.own, () => {
    if (schema !== undefined) {
      for (const { document } of values.own) checkValues(document, schema);
    }
    const document = all.length === 0 ? new Document(new YamlMap()) : overlaid(all, call);
    if (schema !== undefined) {
      fillDefaults(document, schema);
      // Checked again: functions in overlays may have put anything in.
      checkValues(document, schema);
    }
    return document;
  });
  if (!execution.added.skipValidation) {
    try {
      validateValues(document, schema, call);
    } catch (error) {
      const { message } = error as Error;
      const text = error instanceof ValidationError ? message : `\n${message}`;
      throw new Error(`Validating final data values:${text}`, { cause: error });
    }
  }
  const children = [...schemas.children, ...values.children, ...execution.added.forChildren];
  return { document, children };
}

/** The schema of a library alone; its data values are not looked at. */
export function buildSchemaOnly(execution: Execution): Schema | undefined {
  const loader = execution.loader(new ValuesStruct(new Map()), []);
  return schemaOf(collect(execution, loader, "schema").own, caller(execution));
}

function caller(execution: Execution): Caller {
  const thread = new Thread({ limits: execution.session.limits });
  return (fn, args) => thread.call(fn as never, args as never);
}

function schemaOf(documents: readonly ValuesDocument[], call: Caller): Schema | undefined {
  if (documents.length === 0) return undefined;
  const document = inOrder(
    "Overlaying data values schema",
    documents,
    () => overlaid(documents, call),
  );
  return buildSchema(document, call);
}

/** The documents of one kind: those of the files, then those from outside. */
function collect(
  execution: Execution,
  loader: Loader,
  kind: ForChild["kind"],
): { own: ValuesDocument[]; children: ForChild[] } {
  const annotation = kind === "schema" ? schemaAnnotation : valuesAnnotation;
  const own: ValuesDocument[] = [];
  const children: ForChild[] = [];
  const files = execution.valueFiles(loader, annotation);
  const evaluated = inOrder(
    kind === "schema" ? "Overlaying data values schema" : "Overlaying data values",
    files.map((file) => ({ from: file.path })).concat(
      kind === "values" && execution.added.values.length > 0 ? [{ from: additional }] : [],
    ),
    () => files.map((file) => ({ file, documents: valuesOf(loader, file, annotation) })),
  );
  for (const { file, documents } of evaluated) {
    for (const document of documents) {
      const found = document.annotations!.get(annotation)!;
      const path = refOf(document);
      if (path === undefined) {
        own.push({ document, from: file.path });
        continue;
      }
      const afterLibraryModule = found.kwargs.some(([name, value]) =>
        name === "after_library_module" && value === true
      );
      children.push({ path, kind, document, from: file.path, afterLibraryModule });
    }
  }
  own.push(...kind === "schema" ? execution.added.schemas : execution.added.values);
  return { own, children };
}

/** The documents of a file with data values, or with a schema: it must have no others. */
function valuesOf(loader: Loader, file: WorkFile, annotation: string): Document[] {
  return withContext(`Templating file '${file.path}'`, () => {
    const { items } = loader.evaluateYaml(file).documents!;
    const other = items.some((item) => !item.annotations?.has(annotation) && !item.isEmpty());
    if (other) {
      const kind = annotation === schemaAnnotation ? "schema" : "data values";
      throw new Error(`Expected ${kind} file '${file.path}' to only have ${kind} documents`);
    }
    return items.filter((item) => item.annotations?.has(annotation));
  });
}

/** What messages call documents that do not come from files. */
export const additional = "additional data values";

/** Failures of `fn` name the documents in the order in which they are overlaid. */
function inOrder<T>(what: string, documents: readonly { from: string }[], fn: () => T): T {
  const names = [...new Set(documents.map(({ from }) => from))].join(", ");
  return withContext(`${what} (in following order: ${names})`, fn);
}

function overlaid(documents: readonly ValuesDocument[], call: Caller): Document {
  const [first, ...rest] = documents as [ValuesDocument, ...ValuesDocument[]];
  const set = new DocumentSet([first.document.copy()]);
  for (const { document } of rest) {
    applyToDocuments([set], new DocumentSet([document]), {
      call: (fn, args) => call(fn, args) as never,
      exactMatch: true,
    });
  }
  return set.items[0]!;
}

/** What `#@library/ref "@name~alias"` says. */
function refOf(document: Document): ForChild["path"] | undefined {
  const annotation = document.annotations?.get(libraryRef) as Annotation | undefined;
  if (annotation === undefined) return undefined;
  const text = annotation.args[0];
  if (annotation.args.length !== 1 || typeof text !== "string") {
    throw new Error(`Expected '${libraryRef}' annotation to have one string argument`);
  }
  return parseRef(text);
}

/** Splits `@a~x@b` into its parts. */
export function parseRef(text: string): ForChild["path"] {
  if (!text.startsWith("@")) {
    throw new Error(`Expected library ref to start with '@' separator, but got: '${text}'`);
  }
  return text.slice(1).split("@").map((part) => {
    const [name, alias = ""] = part.split("~", 2) as [string, string?];
    return { name, alias };
  });
}
