/** Reads, compiles and runs the files of one library, and answers their `load` statements. */
import { Thread } from "../starlark/thread.ts";
import type { Value } from "../starlark/values.ts";
import { type Evaluated, TemplateRun } from "../template/evaluate.ts";
import { hasTemplating } from "../template/metas.ts";
import { compileText } from "../template/text_compiler.ts";
import { compileYaml } from "../template/yaml_compiler.ts";
import type { CompiledTemplate } from "../template/code.ts";
import type { DocumentSet } from "../yaml/nodes.ts";
import { Position, SourceFile } from "../yaml/position.ts";
import { readYaml } from "../yaml/read.ts";
import type { WorkFile } from "./file.ts";
import type { Library } from "./library.ts";
import { moduleFor, type ModuleHost } from "./modules.ts";
import { type Session, withContext } from "./session.ts";

/** What the files of a library get to see. */
export interface LoaderContext {
  readonly session: Session;
  readonly library: Library;
  /** `data.values`. */
  readonly values: Value;
  /** Makes `@ytt:library` of the library. */
  readonly libraryModule: (thread: Thread) => Value;
}

/** A loader for one set of data values. */
export class Loader {
  readonly #context: LoaderContext;
  readonly #loaded = new Map<WorkFile, ReadonlyMap<string, Value> | null>();
  readonly #children = new Map<string, Loader>();

  constructor(context: LoaderContext) {
    this.#context = context;
  }

  /** Reads a YAML file. */
  parse(file: WorkFile): DocumentSet {
    const { session } = this.#context;
    return session.parsed(
      file,
      () =>
        withContext(
          `Unmarshaling YAML template '${file.path}'`,
          () => readYaml(file.data, { name: file.path, strict: session.options.strict }),
        ),
    );
  }

  /** The documents of a YAML file, evaluated when it is a template. */
  evaluateYaml(file: WorkFile): Evaluated {
    const { session } = this.#context;
    const documents = this.parse(file);
    if (!file.isTemplate || !hasTemplating(documents)) {
      return { globals: new Map(), documents: documents.copy(), text: undefined };
    }
    const template = withContext(
      `Compiling YAML template '${file.path}'`,
      () => session.compiled(file, () => compileYaml(documents, file.path, session.options)),
    );
    return this.#run(file, template);
  }

  /** The text of a text file, evaluated when it is a template. */
  evaluateText(file: WorkFile): Evaluated {
    if (!file.isTemplate) return { globals: new Map(), documents: undefined, text: file.text() };
    const template = withContext(
      `Compiling text template '${file.path}'`,
      () => this.#context.session.compiled(file, () => compileText(file.text(), file.path)),
    );
    return this.#run(file, template);
  }

  #evaluateStarlark(file: WorkFile): Evaluated {
    const template = this.#context.session.compiled(file, () => {
      const text = file.text();
      const source = new SourceFile(file.path, text);
      const lines = text.split("\n").map((code, i) => ({
        code,
        position: new Position(source, i + 1),
      }));
      return { name: file.path, lines, nodes: [], dialect: undefined };
    });
    return this.#run(file, template);
  }

  #run(file: WorkFile, template: CompiledTemplate): Evaluated {
    const { session, library, values, libraryModule } = this.#context;
    const run = new TemplateRun(template, session.options.implicitMapKeyOverrides ?? false);
    const host: ModuleHost = { run, library, file, values, libraryModule };
    const thread = new Thread({
      limits: session.limits,
      print: session.options.print,
      load: (name, thread) => this.#load(name, file, host, thread),
    });
    return run.evaluate(thread, session.find, new Map());
  }

  #load(
    name: string,
    from: WorkFile,
    host: ModuleHost,
    thread: Thread,
  ): ReadonlyMap<string, Value> {
    if (name.startsWith("@ytt:")) return moduleFor(name.slice(5), host, thread);
    const match = /^@([^:]*):(.*)$/s.exec(name);
    if (match !== null) {
      const loader = match[1] === "" ? this : this.#child(match[1]!);
      const library = loader.#context.library;
      return loader.#globals(library.find(`/${match[2]}`, from));
    }
    return this.#globals(this.#context.library.find(name, from));
  }

  #child(name: string): Loader {
    let child = this.#children.get(name);
    if (child === undefined) {
      const library = this.#context.library.child(name);
      this.#children.set(name, child = new Loader({ ...this.#context, library }));
    }
    return child;
  }

  /** The names that a file exports. */
  globalsOf(file: WorkFile): ReadonlyMap<string, Value> {
    return this.#globals(file);
  }

  #globals(file: WorkFile): ReadonlyMap<string, Value> {
    const loaded = this.#loaded.get(file);
    if (loaded === null) throw new Error(`cycle in load graph: '${file.path}' loads itself`);
    if (loaded !== undefined) return loaded;
    this.#loaded.set(file, null);
    try {
      const { globals } = this.#evaluate(file);
      this.#loaded.set(file, globals);
      return globals;
    } catch (error) {
      this.#loaded.delete(file);
      throw error;
    }
  }

  #evaluate(file: WorkFile): Evaluated {
    switch (file.type) {
      case "yaml":
        return this.evaluateYaml(file);
      case "text":
        return this.evaluateText(file);
      case "starlark":
        return this.#evaluateStarlark(file);
      case "data":
        throw new Error(
          `File '${file.path}' type is not a known (hint: only YAML, text and Starlark files can be loaded)`,
        );
    }
  }
}
