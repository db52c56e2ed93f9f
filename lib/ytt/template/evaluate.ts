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
  readonly #contexts: { readonly context: TemplateContext; readonly depth: number }[] = [];

  constructor(readonly template: CompiledTemplate, readonly implicitOverrides: boolean) {}

  /** `template.replace(value)`. */
  replace(thread: ThreadContext, value: Value): Value {
    this.#current(thread).replace(value);
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
      const root = this.#open(template.dialect, 0);
      const globals = exec(compile(file, (name) => names.has(name)), thread, names);
      return template.dialect === "yaml"
        ? { globals, documents: root.documents(), text: undefined }
        : { globals, documents: undefined, text: root.finish() as string };
    } catch (error) {
      throw templateError(error, lookUp);
    }
  }

  /** The innermost context. Those of calls that failed inside `assert.try_to` are dropped. */
  #current(thread: ThreadContext): TemplateContext {
    const depth = depthOf(thread);
    while (this.#contexts.length > 1 && this.#contexts.at(-1)!.depth > depth) this.#contexts.pop();
    return this.#contexts.at(-1)!.context;
  }

  #open(dialect: Dialect, depth: number): TemplateContext {
    const context = new TemplateContext(dialect, this.template.nodes, this.implicitOverrides);
    this.#contexts.push({ context, depth });
    return context;
  }

  #functions(): [string, Value][] {
    type Instruction = (
      thread: ThreadContext,
      args: readonly Value[],
      kwargs: Kwargs,
    ) => void | Value;
    const functions: [string, Instruction][] = [
      [instructions.setCtxType, () => {}],
      [instructions.startCtx, (thread, [dialect]) => {
        this.#open(dialect as Dialect, depthOf(thread));
      }],
      [instructions.endCtx, (thread, args) => {
        const context = this.#current(thread);
        this.#contexts.pop();
        return args.length > 0 ? args[0]! : context.finish();
      }],
      [instructions.startNodeAnnotation, (thread, [tag, name, ...args], kwargs) => {
        const { annotations } = this.template.nodes[tag as number]!;
        const position = annotations?.get(name as string) ?? unknownPosition;
        const annotation = { args, kwargs, position };
        this.#current(thread).annotate(tag as number, name as string, annotation);
      }],
      [instructions.startNode, (thread, [tag]) => {
        thread.allocate(64);
        this.#current(thread).startNode(tag as number);
      }],
      [instructions.setNode, (thread, [, value]) => {
        this.#current(thread).setNode(value!);
      }],
      [instructions.setMapItemKey, (thread, [tag, value]) => {
        this.#current(thread).setKey(tag as number, value!);
      }],
    ];
    return functions.map(([name, fn]) => [
      name,
      prefixed(name, (thread, args, kwargs) => fn(thread, args, kwargs) ?? null),
    ]);
  }
}

/** How many calls are under way. */
function depthOf(thread: ThreadContext): number {
  return (thread as Thread).frame?.depth ?? 0;
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
