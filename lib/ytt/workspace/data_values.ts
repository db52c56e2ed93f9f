/** Data values: from files, from flags and from callers, in that order, checked by the schema. */
import { Thread } from "../starlark/thread.ts";
import { applyToDocuments } from "../overlay/apply.ts";
import type { Annotation } from "../yaml/nodes.ts";
import { Document, DocumentSet, YamlMap } from "../yaml/nodes.ts";
import type { Execution } from "./execution.ts";
import { buildSchema, type Schema } from "../schema/schema.ts";
import { checkValues } from "../schema/check.ts";
import { fillDefaults } from "../schema/fill.ts";
import { validateValues } from "../schema/validate.ts";
import { ContextError } from "./session.ts";
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
  readonly schema: Schema | undefined;
  /** Documents for libraries inside. */
  readonly children: readonly ForChild[];
}

/** Builds the data values of a library. */
export function buildValues(execution: Execution): BuiltValues {
  const loader = execution.loader(new ValuesStruct(new Map()), []);
  const children: ForChild[] = [];
  const schemas: ValuesDocument[] = [];
  const values: ValuesDocument[] = [];
  const collect = (annotation: string, kind: ForChild["kind"], out: ValuesDocument[]) => {
    for (const file of execution.valueFiles(loader, annotation)) {
      for (const document of loader.evaluateYaml(file).documents!.items) {
        const found = document.annotations?.get(annotation);
        if (found === undefined) continue;
        const path = refOf(document);
        if (path === undefined) out.push({ document, from: file.path });
        else {
          const after = found.kwargs.some(([name, value]) =>
            name === "after_library_module" && value === true
          );
          children.push({ path, kind, document, from: file.path, afterLibraryModule: after });
        }
      }
    }
  };
  collect(schemaAnnotation, "schema", schemas);
  collect(valuesAnnotation, "values", values);
  schemas.push(...execution.added.schemas);
  values.push(...execution.added.values);
  children.push(...execution.added.forChildren);

  const thread = new Thread({ limits: execution.session.limits });
  const call: Call = (fn, args) => thread.call(fn as never, args as never);
  const schemaDocument = schemas.length === 0
    ? undefined
    : overlaid(schemas, "Overlaying data values schema", call);
  const schema = schemaDocument === undefined ? undefined : buildSchema(schemaDocument, call);
  const documents = values.map(({ document, from }) => {
    if (schema !== undefined) checkValues(document, schema);
    return { document, from };
  });
  const base: ValuesDocument[] = schema === undefined
    ? []
    : [{ document: schema.defaults(), from: "schema" }];
  const all = [...base, ...documents];
  const document = all.length === 0
    ? new Document(new YamlMap())
    : overlaid(all, "Overlaying data values", call, base.length);
  if (schema !== undefined) {
    fillDefaults(document, schema);
    // Checked again: functions in overlays may have put anything in.
    checkValues(document, schema);
  }
  if (!execution.added.skipValidation) {
    try {
      validateValues(document, schema, call);
    } catch (error) {
      throw new ContextError("Validating final data values", error as Error);
    }
  }
  return { document, children, schema };
}

/** Calls a Starlark function. */
export type Call = (fn: unknown, args: readonly unknown[]) => unknown;

function overlaid(
  documents: readonly ValuesDocument[],
  what: string,
  call: Call,
  unnamed = 0,
): Document {
  const [first, ...rest] = documents as [ValuesDocument, ...ValuesDocument[]];
  const set = new DocumentSet([first.document.copy()]);
  for (const { document } of rest) {
    try {
      applyToDocuments([set], new DocumentSet([document]), {
        call: (fn, args) => call(fn, args) as never,
        exactMatch: true,
      });
    } catch (error) {
      const names = [...new Set(documents.slice(unnamed).map(({ from }) => from))].join(", ");
      throw new ContextError(`${what} (in following order: ${names})`, error as Error);
    }
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
