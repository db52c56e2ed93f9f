/** Runs compiled templates. */
import { Builtin } from "../starlark/function.ts";
import { compile, exec, parse } from "../starlark/program.ts";
import { StarlarkError } from "../starlark/errors.ts";
import type { Thread } from "../starlark/thread.ts";
import type { Kwargs, ThreadContext, Value } from "../starlark/values.ts";
import type { DocumentSet } from "../yaml/nodes.ts";
import { unknownPosition } from "../yaml/position.ts";
import { type CompiledTemplate, type Dialect, instructions } from "./code.ts";
import { TemplateContext } from "./context.ts";
import { insertContexts } from "./contexts.ts";
import { Noop } from "./convert.ts";
import { limitOf, templateError, type TemplateFinder } from "./error.ts";
import { YamlNode } from "../yaml/nodes.ts";

/** What a template gave. */
export interface Evaluated {
  /** Names that other files may load. */
  readonly globals: ReadonlyMap<string, Value>;
  /** The documents of a YAML template. */
  readonly documents: DocumentSet | undefined;
  /** The text of a text template. */
  readonly text: string | undefined;
}

/** One run of a template; `template.replace` and the template's own calls reach it. */
export class TemplateRun {
  readonly #contexts: TemplateContext[] = [];

  constructor(readonly template: CompiledTemplate, readonly implicitOverrides: boolean) {}

  /** `template.replace(value)`. */
  replace(value: Value): Value {
    this.#current().replace(value);
    return new Noop();
  }

  /** Runs the template; throws `TemplateError`, or the `LimitError` inside. */
  evaluate(
    thread: Thread,
    find: TemplateFinder,
    predeclared: ReadonlyMap<string, Value>,
  ): Evaluated {
    const { template } = this;
    const lookUp: TemplateFinder = (name) =>
      name === template.name ? template : find(name) ?? template;
    try {
      const source = template.lines.map((line) => line.code).join("\n");
      const file = parse(source, template.name, { blockMode: "end" });
      if (template.dialect === undefined) {
        const globals = exec(compile(file, (name) => predeclared.has(name)), thread, predeclared);
        return { globals, documents: undefined, text: undefined };
      }
      insertContexts(file, template.dialect);
      const names = new Map([...predeclared, ...this.#functions()]);
      const root = this.#open(template.dialect);
      const globals = exec(compile(file, (name) => names.has(name)), thread, names);
      return template.dialect === "yaml"
        ? { globals, documents: root.documents(), text: undefined }
        : { globals, documents: undefined, text: root.finish() as string };
    } catch (error) {
      throw templateError(error, lookUp);
    }
  }

  #current(): TemplateContext {
    return this.#contexts[this.#contexts.length - 1]!;
  }

  #open(dialect: Dialect): TemplateContext {
    const context = new TemplateContext(dialect, this.template.nodes, this.implicitOverrides);
    this.#contexts.push(context);
    return context;
  }

  #functions(): [string, Value][] {
    const functions: [string, (args: readonly Value[], kwargs: Kwargs) => Value][] = [
      [instructions.setCtxType, () => null],
      [instructions.startCtx, ([dialect]) => {
        this.#open(dialect as Dialect);
        return null;
      }],
      [instructions.endCtx, (args) => {
        const context = this.#contexts.pop()!;
        return args.length > 0 ? args[0]! : context.finish();
      }],
      [instructions.startNodeAnnotation, ([tag, name, ...args], kwargs) => {
        const node = this.template.nodes[tag as number]!.node;
        const position = node instanceof YamlNode ? node.position : unknownPosition;
        this.#current().annotate(tag as number, name as string, { args, kwargs, position });
        return null;
      }],
      [instructions.startNode, ([tag]) => {
        this.#current().startNode(tag as number);
        return null;
      }],
      [instructions.setNode, ([, value]) => {
        this.#current().setNode(value!);
        return null;
      }],
      [instructions.setMapItemKey, ([tag, value]) => {
        this.#current().setKey(tag as number, value!);
        return null;
      }],
    ];
    return functions.map((
      [name, fn],
    ) => [name, prefixed(name, (_thread, args, kwargs) => fn(args, kwargs))]);
  }
}

/** A host function whose errors start with its name. The stack of an inner failure is dropped. */
export function prefixed(
  name: string,
  fn: (thread: ThreadContext, args: readonly Value[], kwargs: Kwargs) => Value,
): Builtin {
  return new Builtin(name, (thread, args, kwargs) => {
    try {
      return fn(thread, args, kwargs);
    } catch (error) {
      if (limitOf(error) !== undefined || error instanceof RangeError) throw error;
      const message = error instanceof StarlarkError || error instanceof Error
        ? error.message
        : String(error);
      throw new Error(message.startsWith(`${name}: `) ? message : `${name}: ${message}`, {
        cause: error,
      });
    }
  });
}
