/** Runs one library: its schema, its data values, its templates and its overlays. */
import type { Thread } from "../starlark/thread.ts";
import type { Value } from "../starlark/values.ts";
import { Thread as StarlarkThread } from "../starlark/thread.ts";
import { applyToDocuments } from "../overlay/apply.ts";
import { match } from "../overlay/names.ts";
import { annotatedInside, anyDocumentAnnotation } from "../template/metas.ts";
import { type Document, DocumentSet, MapItem, YamlMap } from "../yaml/nodes.ts";
import {
  buildSchemaOnly,
  buildValues,
  type BuiltValues,
  type LibraryValues,
  schemaAnnotation,
  valuesAnnotation,
} from "./data_values.ts";
import { comparePaths, type WorkFile } from "./file.ts";
import type { Schema } from "../schema/schema.ts";
import type { Library } from "./library.ts";
import { libraryModule } from "./library_module.ts";
import { Loader } from "./loader.ts";
import { ContextError, type Session } from "./session.ts";
import { toStruct } from "./values_struct.ts";

/** What one file gave. */
export interface FileResult {
  readonly file: WorkFile;
  /** Path inside the library. */
  readonly path: string;
  readonly documents: DocumentSet | undefined;
  readonly text: string | undefined;
}

/** A library with its data values from outside. */
export class Execution {
  constructor(
    readonly session: Session,
    readonly library: Library,
    /** Schemas and data values that callers and flags add. */
    readonly added: LibraryValues = { schemas: [], values: [], forChildren: [] },
  ) {}

  #values: BuiltValues | undefined;
  /** Documents for libraries inside that a library has taken. */
  readonly used: Set<Document> = new Set();

  /** A loader whose files see `values`. */
  loader(values: Value, children: LibraryValues["forChildren"]): Loader {
    return new Loader({
      session: this.session,
      library: this.library,
      values,
      libraryModule: (thread: Thread) => libraryModule(this, children, thread),
    });
  }

  /** The final data values, and what is meant for libraries inside. */
  values(): BuiltValues {
    return this.#values ??= buildValues(this);
  }

  /** The schema of the data values, if there is one. */
  schema(): Schema | undefined {
    return buildSchemaOnly(this);
  }

  /** Evaluates all files for output and applies the overlays among them. */
  evaluate(): FileResult[] {
    const { document, children } = this.values();
    const loader = this.loader(toStruct(document.value ?? new YamlMap()), children);
    const results: FileResult[] = [];
    for (const file of this.library.files) {
      if (!file.forOutput) continue;
      const path = this.library.relative(file);
      if (file.type === "yaml") {
        const { documents } = loader.evaluateYaml(file);
        results.push({ file, path, documents: withoutValues(documents!), text: undefined });
      } else {
        const text = file.type === "text" ? loader.evaluateText(file).text! : file.text();
        results.push({ file, path, documents: undefined, text });
      }
    }
    this.#overlay(results);
    this.#refuseUnused(children);
    return results;
  }

  /** Evaluates one library file and gives its exported names. */
  globals(path: string, name: string): Value {
    const { document, children } = this.values();
    const loader = this.loader(toStruct(document.value ?? new YamlMap()), children);
    const files = path === ""
      ? this.library.files.filter((file) => file.isLibrary || file.type === "starlark")
      : [this.library.find(`/${path}`, this.library.files[0]!)];
    const found = files.flatMap((file) => {
      const value = loader.globalsOf(file).get(name);
      return value === undefined ? [] : [{ file, value }];
    });
    if (found.length === 1) return found[0]!.value;
    if (found.length === 0) {
      throw new Error(`Expected to find exported symbol '${name}', but did not`);
    }
    throw new Error(
      `Expected to find exactly one exported symbol '${name}', but found multiple across files: ` +
        found.map(({ file }) => file.path).join(", "),
    );
  }

  /** Data values for a library that nothing evaluates are a mistake in their `library/ref`. */
  #refuseUnused(children: LibraryValues["forChildren"]): void {
    const unused = children.filter(({ document }) => !this.used.has(document));
    if (unused.length === 0) return;
    const ordered = [
      ...unused.filter(({ kind }) => kind === "values"),
      ...unused.filter(({ kind }) => kind === "schema"),
    ];
    const kinds = new Set(ordered.map(({ kind }) => kind === "values" ? "data values" : "schema"));
    const names = ordered.map(({ kind, path, document }) =>
      `${kind === "values" ? "Data Values" : "Schema"} belonging to library '${
        path.map(({ name, alias }) => `@${name}${alias === "" ? "" : `~${alias}`}`).join("")
      }' on ${document.position}`
    );
    throw new Error(
      `Expected all provided library ${[...kinds].join(", and ")} documents to be used ` +
        `but found unused: ${names.join(", ")}`,
    );
  }

  #overlay(results: readonly FileResult[]): void {
    const overlays: { file: WorkFile; documents: Document[] }[] = [];
    const targets: DocumentSet[] = [];
    for (const { file, documents } of results) {
      if (documents === undefined) continue;
      const own = documents.items.filter((item) => item.annotations?.has(match));
      if (own.length > 0) overlays.push({ file, documents: own });
      // Documents that would not be printed do not count as matches either.
      documents.items = documents.items.filter((item) =>
        !item.isEmpty() && !item.annotations?.has(match)
      );
      targets.push(documents);
    }
    if (overlays.length === 0) return;
    const copied = targets.map((set) => ({ set, copy: set.copy() }));
    for (const { set, copy } of copied) set.items = copy.items;
    const thread = new StarlarkThread({
      limits: this.session.limits,
      print: this.session.options.print,
    });
    const names = overlays.map(({ file }) => file.path).join(", ");
    for (const { documents } of overlays) {
      try {
        applyToDocuments(targets, new DocumentSet(documents), {
          call: (fn, args) => thread.call(fn, args),
        });
      } catch (error) {
        throw new ContextError(`Overlaying (in following order: ${names})`, error as Error);
      }
    }
  }

  /** Files that hold data values or schemas, in the order of all files. */
  valueFiles(loader: Loader, annotation: string): WorkFile[] {
    return this.library.files.filter((file) => {
      if (file.type !== "yaml" || !file.isTemplate) return false;
      const documents = loader.parse(file);
      const misplaced = annotatedInside(documents, annotation);
      if (misplaced !== undefined) {
        const name = misplaced instanceof MapItem ? "map item" : misplaced.displayName();
        throw new Error(
          `Found @${annotation} on ${name} (${misplaced.position.compact()}); ` +
            `only documents (---) can be annotated with @${annotation}`,
        );
      }
      return anyDocumentAnnotation(documents, [annotation]);
    });
  }
}

function withoutValues(documents: DocumentSet): DocumentSet {
  const kept = documents.items.filter((item) =>
    !item.annotations?.has(valuesAnnotation) && !item.annotations?.has(schemaAnnotation)
  );
  if (kept.length !== documents.items.length) documents.items = kept;
  return documents;
}

/** Orders results by path, for output into files. */
export function byPath(a: FileResult, b: FileResult): number {
  return comparePaths(a.path, b.path);
}
