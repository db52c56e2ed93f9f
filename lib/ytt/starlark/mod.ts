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

export * from "./args.ts";
export * from "./binary.ts";
export { fromBytes, toBytes } from "./_bytes.ts";
export { formatFloat as formatNumber } from "./_format_float.ts";
export { quote as quoteString } from "./_quote.ts";
export * from "./convert.ts";
export * from "./dict.ts";
export * from "./errors.ts";
export * from "./float.ts";
export * from "./function.ts";
export * from "./int.ts";
export * from "./list.ts";
export * from "./ops.ts";
export * from "./program.ts";
export * from "./range.ts";
export * from "./set.ts";
export * from "./struct.ts";
export * from "./thread.ts";
export * from "./universe.ts";
export * from "./values.ts";
