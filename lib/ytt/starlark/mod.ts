/**
 * A Starlark interpreter in ytt's dialect: blocks close with `end`, and floats, sets, lambdas,
 * nested functions, recursion, bit operators and top-level control flow are all on.
 *
 * Standalone: it knows nothing of YAML or templates, needs no Deno permission, and everything is
 * synchronous. Values are described in `values.ts`.
 *
 * ```ts
 * const file = parse(source, "config.star", { blockMode: "end" }); // throws StarlarkSyntaxError
 * const program = compile(file, (name) => name in predeclared);     // throws StarlarkSyntaxError
 * const thread = new Thread({ print: (text) => console.error(text), load: (name) => modules(name) });
 * const globals = exec(program, thread, predeclared);               // Map<string, Value>
 * call(thread, globals.get("f")!, [1, "x", new List([])], [["key", true]]);
 * ```
 *
 * Errors:
 * - `StarlarkSyntaxError` (`parse`, `compile`): `.errors` is a list of `{ message, position }`; a
 *   parse error has one, unresolved names are all reported at once, in source order.
 *   `position` is `{ filename, line, column }` of the text given, 1-based.
 * - `StarlarkError` (`exec`, `call`): `.message` is the text without a stack (`undefined: x`,
 *   `fail: boom`, `key "a" not in dict`), `.callStack` has the frames **innermost first**, each
 *   `{ name, builtin, position }` (`name` is `<toplevel>`, a function's name or `lambda`;
 *   `builtin` frames have no useful position; ytt leaves them out), `.cause` is the error that a
 *   host function threw. A host function just throws an `Error`; the interpreter adds the stack.
 *
 * Host functions: `new Builtin("template.replace", (thread, args, kwargs) => …)`. `unpackArgs` and
 * friends in `args.ts` give starlark-go's argument errors. Host values: extend `StarlarkValue`.
 *
 * @module
 */

// API sketch, being filled in (names are final):
//   values.ts    Value, Kwargs, HashKey, BinaryOp, CompareOp, StarlarkValue
//   float.ts     class StarlarkFloat { value: number }
//   int.ts       toInt(bigint|number): number|bigint (normalise), isInt(v)
//   list.ts      class List { items: Value[] }, class Tuple { items: readonly Value[] }
//   dict.ts      class Dict { size; get(k); set(k, v); delete(k); keys(); values(); items(); static from(entries) }
//   set.ts       class StarlarkSet { size; has; add; delete; iterate }
//   struct.ts    class Struct(name, Map<string, Value>), class Module(name, Map)
//   function.ts  class Builtin(name, (thread, args, kwargs) => Value), class StarlarkFunction
//   thread.ts    class Thread({ print, load, limits: { maxSteps, maxCallDepth, maxMemoryBytes, signal, deadlineMs } })
//   errors.ts    StarlarkError, StarlarkSyntaxError, Position, CallFrame
//   ops.ts       equals(a,b) compare(op,a,b) binary(thread,op,a,b) truth(v) typeOf(v) str(v) repr(v) iterate(v) length(v) getAttr getIndex
//   args.ts      unpackArgs(fnName, args, kwargs, ["a", "b?", ...]), unpackPositional(fnName, args, kwargs, min, max)
//   convert.ts   fromJs(unknown): Value (plain objects -> Dict), toJs(Value): unknown
//   universe.ts  universe: ReadonlyMap<string, Value>
//   parse(source, filename, { blockMode: "end" | "indent" }): File
//   compile(file, isPredeclared): Program
//   exec(program, thread, predeclared: ReadonlyMap<string, Value> | Record<string, Value>): Map<string, Value>
//   call(thread, fn, args, kwargs?): Value
//   evalExpression(source, filename, thread, env): Value
