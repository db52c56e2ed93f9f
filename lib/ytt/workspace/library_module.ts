/** `@ytt:library`: evaluates libraries below `_ytt_lib` with data values of their own. */
import { checkPositional, expect } from "../starlark/args.ts";
import type { Builtin } from "../starlark/function.ts";
import { Module } from "../starlark/struct.ts";
import type { Thread } from "../starlark/thread.ts";
import { type Kwargs, StarlarkValue, type Value } from "../starlark/values.ts";
import { toYaml } from "../template/convert.ts";
import { prefixed } from "../template/evaluate.ts";
import { fromYaml } from "../template/fragment.ts";
import { copyValue, Document, DocumentSet, YamlMap } from "../yaml/nodes.ts";
import {
  additional,
  type ForChild,
  type LibraryValues,
  type ValuesDocument,
} from "./data_values.ts";
import { replaceLists } from "./flags.ts";
import { Execution } from "./execution.ts";
import type { Session } from "./session.ts";
import { toStruct } from "./values_struct.ts";

/** The module as the files of `parent` see it. */
export function libraryModule(
  parent: Execution,
  children: readonly ForChild[],
  _thread: Thread,
): Module {
  return new Module(
    "library",
    new Map([[
      "get",
      prefixed("library.get", (_thread, args, kwargs) => {
        if (args.length !== 1) throw new Error("expected exactly one argument");
        const reference = expect("library.get", 1, "string", args[0]!);
        if (!reference.startsWith("@")) return getLibrary(parent, children, reference, kwargs);
        throw new Error(
          `Expected library '${reference}' to not start with '@' (hint: use library.get('${
            reference.slice(1)
          }'))`,
        );
      }),
    ]]),
  );
}

function getLibrary(
  parent: Execution,
  children: readonly ForChild[],
  name: string,
  kwargs: Kwargs,
): LibraryInstance {
  let alias = "";
  const options: {
    ignoreUnknownComments?: boolean;
    implicitMapKeyOverrides?: boolean;
    strict?: boolean;
  } = {};
  for (const [keyword, value] of kwargs) {
    switch (keyword) {
      case "alias":
        alias = expect("library.get", "alias", "string", value);
        break;
      case "ignore_unknown_comments":
        options.ignoreUnknownComments = expect("library.get", keyword, "bool", value);
        break;
      case "implicit_map_key_overrides":
        options.implicitMapKeyOverrides = expect("library.get", keyword, "bool", value);
        break;
      case "strict":
        options.strict = expect("library.get", keyword, "bool", value);
        break;
      default:
        throw new Error(`Unexpected kwarg '${keyword}'`);
    }
  }
  const inner = children.filter(({ path }) =>
    // `@~alias` is for every library with that alias.
    (path[0]!.name === name || (path[0]!.name === "" && alias !== "")) &&
    (path[0]!.alias === "" || path[0]!.alias === alias)
  );
  // A library that is not there is the mistake of this call, not of the one that evaluates it.
  parent.library.child(name);
  const session = parent.session.derive(options);
  const given = { schemas: [], values: [], forChildren: [] };
  return new LibraryInstance(name, parent, session, inner, given);
}

class LibraryInstance extends StarlarkValue {
  readonly #methods: ReadonlyMap<string, Builtin>;

  constructor(
    readonly libraryName: string,
    readonly parent: Execution,
    readonly session: Session,
    readonly references: readonly ForChild[],
    readonly given: LibraryValues,
  ) {
    super();
    const method = (
      name: string,
      fn: (args: readonly Value[], kwargs: Kwargs) => Value,
    ): [string, Builtin] => [
      name,
      prefixed(`library.${name}`, (_thread, args, kwargs) => fn(args, kwargs)),
    ];
    this.#methods = new Map([
      method("with_data_values", (args, kwargs) => this.#with("values", args, kwargs)),
      method("with_data_values_schema", (args, kwargs) => this.#with("schemas", args, kwargs)),
      method("data_values", (args, kwargs) => {
        checkPositional("library.data_values", args, kwargs, 0);
        return toStruct(this.#execution().values().document.value);
      }),
      method("export", (args, kwargs) => this.#export(args, kwargs)),
      method("eval", (args, kwargs) => {
        checkPositional("library.eval", args, kwargs, 0);
        return this.#evaluate();
      }),
    ]);
  }

  override type(): string {
    return "@ytt:library.instance";
  }
  override repr(): string {
    return `@ytt:library.instance(${this.libraryName})`;
  }
  override attr(name: string): Value | undefined {
    return this.#methods.get(name);
  }
  override attrNames(): string[] {
    return [...this.#methods.keys()];
  }

  #with(kind: "values" | "schemas", args: readonly Value[], kwargs: Kwargs): LibraryInstance {
    if (args.length !== 1) throw new Error("expected exactly one argument");
    for (const [keyword] of kwargs) {
      if (kind !== "values" || keyword !== "plain") {
        throw new Error(`unexpected keyword argument '${keyword}'`);
      }
    }
    const plain = kwargs.some(([keyword, value]) => keyword === "plain" && value === true);
    const data = copyValue(toYaml(args[0]!));
    const documents: ValuesDocument[] =
      (data instanceof DocumentSet ? data.items : [new Document(data)])
        .map((document) => {
          if (plain) {
            clearAnnotations(document);
            if (document.value instanceof YamlMap) replaceLists(document.value);
          }
          return { document, from: additional };
        });
    return new LibraryInstance(this.libraryName, this.parent, this.session, this.references, {
      ...this.given,
      [kind]: [...this.given[kind], ...documents],
    });
  }

  #execution(): Execution {
    const library = this.parent.library.child(this.libraryName);
    for (const reference of this.references) this.parent.used.add(reference.document);
    const own = (kind: ForChild["kind"], after: boolean): ValuesDocument[] =>
      this.references.filter((ref) =>
        ref.path.length === 1 && ref.kind === kind && ref.afterLibraryModule === after
      ).map(({ document }) => ({ document, from: additional }));
    return new Execution(this.session, library, {
      schemas: [...own("schema", false), ...this.given.schemas, ...own("schema", true)],
      values: [...own("values", false), ...this.given.values, ...own("values", true)],
      forChildren: this.references.filter((ref) => ref.path.length > 1)
        .map((ref) => ({ ...ref, path: ref.path.slice(1) })),
    });
  }

  #evaluate(): Value {
    return this.#located("Evaluating", (execution) => {
      const documents = execution.evaluate().flatMap(({ documents }) => documents?.items ?? []);
      return fromYaml(
        new DocumentSet(documents.filter((item) => !item.injected && !item.isEmpty())),
      );
    });
  }

  #export(args: readonly Value[], kwargs: Kwargs): Value {
    if (args.length !== 1) throw new Error("expected exactly one argument");
    const name = expect("library.export", 1, "string", args[0]!);
    let path = "";
    for (const [keyword, value] of kwargs) {
      if (keyword !== "path") throw new Error(`unexpected keyword argument '${keyword}'`);
      path = expect("library.export", "path", "string", value);
    }
    if (name.startsWith("_")) {
      throw new Error(
        `Symbols starting with '_' are private, and cannot be exported: '${name}'`,
      );
    }
    return this.#located("Exporting from", (execution) => execution.globals(path, name));
  }

  #located<T>(what: string, fn: (execution: Execution) => T): T {
    try {
      return fn(this.#execution());
    } catch (error) {
      const { message, context } = error as Error & { context?: string };
      const text = context === undefined ? message : `${context}: ${message}`;
      throw new Error(`${what} library '${this.libraryName}': ${text}`, { cause: error });
    }
  }
}

function clearAnnotations(document: Document): void {
  document.annotations = undefined;
  const visit = (node: { annotations?: unknown; children(): readonly unknown[] }) => {
    node.annotations = undefined;
    for (const child of node.children()) {
      if (typeof child === "object" && child !== null && "children" in child) visit(child as never);
    }
  };
  visit(document as never);
}
