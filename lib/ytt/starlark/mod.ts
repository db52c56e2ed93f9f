/**
 * A Starlark interpreter in ytt's dialect: blocks close with `end`, and floats, sets, lambdas,
 * nested functions, recursion, bit operators and top-level control flow are all on.
 *
 * Standalone: it knows nothing of YAML or templates, needs no Deno permission, and everything is
 * synchronous. Values are described in `values.ts`.
 *
 * ```ts
 * const source = `
 * def greet(name):
 *   print("greeting", name)
 *   return greeting + ", " + name
 * end
 * `;
 * const predeclared = { greeting: "Hello" };
 * const file = parse(source, "greet.star", { blockMode: "end" }); // throws StarlarkSyntaxError
 * const program = compile(file, (name) => name in predeclared); // throws StarlarkSyntaxError
 * const thread = new Thread({ print: (text) => console.error(text) });
 * const globals = exec(program, thread, predeclared); // throws StarlarkError
 * call(thread, globals.get("greet")!, ["you"]); // "Hello, you"
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

export { checkPositional, expect, parameterName, unpackArgs } from "./args.ts";
export type { ParameterTypes } from "./args.ts";
export { binary, unary } from "./binary.ts";
export { fromBytes, toBytes } from "./_bytes.ts";
export { formatFloat as formatNumber } from "./_format_float.ts";
export { quote as quoteString } from "./_quote.ts";
export { fromJs } from "./convert.ts";
export { Dict } from "./dict.ts";
export { formatPosition, LimitError, StarlarkError, StarlarkSyntaxError } from "./errors.ts";
export type { CallFrame, Position, SyntaxIssue } from "./errors.ts";
export { StarlarkFloat } from "./float.ts";
export { Builtin, isCallable } from "./function.ts";
export type { BuiltinFunction } from "./function.ts";
export { asMachineInt, floatToInt, isInt, numberToInt, toInt } from "./int.ts";
export type { Int } from "./int.ts";
export { List, Tuple } from "./list.ts";
export {
  attrNames,
  compare,
  equals,
  findAttr,
  getAttr,
  getIndex,
  isIterable,
  iterate,
  length,
  repr,
  setAttr,
  setIndex,
  slice,
  str,
  truth,
  typeOf,
} from "./ops.ts";
export { call, compile, evalExpression, exec, freeze, parse } from "./program.ts";
export type { Environment, File, ParseOptions, Program } from "./program.ts";
export { Range } from "./range.ts";
export { StarlarkSet } from "./set.ts";
export { Module, Struct } from "./struct.ts";
export { Thread } from "./thread.ts";
export type { Frame, Limits, ThreadOptions } from "./thread.ts";
export { universe } from "./universe.ts";
export { StarlarkValue } from "./values.ts";
export type { BinaryOp, CompareOp, HashKey, Kwargs, ThreadContext, Value } from "./values.ts";
export { chargeValues } from "./_work.ts";
