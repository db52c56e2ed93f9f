import type { File } from "./_ast.ts";
import { BlockScanner } from "./_block_scanner.ts";
import { Compiler } from "./_compiler.ts";
import { StarlarkSyntaxError } from "./errors.ts";
import { functionNode, Parser } from "./_parser.ts";
import { resolve } from "./_resolver.ts";
import type { Scopes } from "./_scope.ts";
import { Scanner } from "./_scanner.ts";
import { type FunctionCode, StarlarkFunction } from "./starlark_function.ts";
import type { Thread } from "./thread.ts";
import { universe } from "./universe.ts";
import type { Kwargs, Value } from "./values.ts";

export type { File } from "./_ast.ts";

/** How blocks are written. */
export interface ParseOptions {
  /**
   * `end` (default): ytt's dialect, where `end` closes a block and indentation means nothing.
   * `indent`: standard Starlark.
   */
  readonly blockMode?: "end" | "indent";
}

/** A compiled file; it can be run any number of times. */
export interface Program {
  /** The name it was parsed under. */
  readonly filename: string;
  /** Names that the file may leave behind, in order of first assignment. */
  readonly globalNames: readonly string[];
  /** Names that it needs from its host. */
  readonly predeclaredNames: readonly string[];
}

/** A program as the interpreter sees it. */
interface CompiledProgram extends Program {
  readonly code: FunctionCode;
}

/** Values by name. */
export type Environment = ReadonlyMap<string, Value> | Readonly<Record<string, Value>>;

function parser(source: string, filename: string, { blockMode = "end" }: ParseOptions): Parser {
  const scanner = new Scanner(source, filename, blockMode === "indent");
  return new Parser(blockMode === "end" ? new BlockScanner(scanner) : scanner);
}

/** Turns the engine's own limits into an error of ours. */
function guarded<T>(filename: string, phase: "parse" | "resolve", action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const position = { filename, line: 1, column: 1 };
    throw new StarlarkSyntaxError([{ message: "nested too deeply", position }], phase);
  }
}

/**
 * Parses a file.
 *
 * @throws {StarlarkSyntaxError} when it is not well formed.
 */
export function parse(source: string, filename: string, options: ParseOptions = {}): File {
  return guarded(filename, "parse", () => parser(source, filename, options).file(filename));
}

/**
 * Resolves the names of a file and compiles it. `isPredeclared` says which names the host will
 * provide when it is run.
 *
 * @throws {StarlarkSyntaxError} with all names that mean nothing, and all misplaced statements.
 */
export function compile(file: File, isPredeclared: (name: string) => boolean): Program {
  const { filename, body } = file;
  return guarded(filename, "resolve", () => {
    const scopes = resolve(file, isPredeclared, (name) => universe.has(name));
    return program(scopes, functionNode("<toplevel>", 0, [], body), filename);
  });
}

function program(
  scopes: Scopes,
  fn: ReturnType<typeof functionNode>,
  filename: string,
): CompiledProgram {
  if (scopes.errors.length > 0) throw new StarlarkSyntaxError(scopes.errors, "resolve");
  return {
    filename,
    globalNames: scopes.globals.map((binding) => binding.name),
    predeclaredNames: scopes.predeclared,
    code: Compiler.function(filename, fn, scopes.locals),
  };
}

function lookUp(environment: Environment, name: string): Value | undefined {
  if (environment instanceof Map) return environment.get(name);
  const record = environment as Readonly<Record<string, Value>>;
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/**
 * Runs a program and returns its globals.
 *
 * @throws {StarlarkError} when it fails.
 */
export function exec(
  program: Program,
  thread: Thread,
  predeclared: Environment = {},
): Map<string, Value> {
  const globals: (Value | undefined)[] = new Array(program.globalNames.length);
  run(program, thread, predeclared, globals);
  const result = new Map<string, Value>();
  program.globalNames.forEach((name, i) => {
    const value = globals[i];
    if (value !== undefined) result.set(name, value);
  });
  return result;
}

function run(
  program: Program,
  thread: Thread,
  predeclared: Environment,
  globals: (Value | undefined)[],
): Value {
  const { code, predeclaredNames } = program as CompiledProgram;
  const instance = {
    globals,
    predeclared: predeclaredNames.map((name) => lookUp(predeclared, name)),
  };
  return thread.call(new StarlarkFunction(code, instance, [], []), []);
}

/**
 * Evaluates a text that is one expression.
 *
 * @throws {StarlarkSyntaxError | StarlarkError}
 */
export function evalExpression(
  source: string,
  filename: string,
  thread: Thread,
  environment: Environment = {},
): Value {
  const x = guarded(filename, "parse", () => parser(source, filename, {}).soleExpression());
  const file: File = { filename, body: [{ kind: "expr", pos: x.pos, x }] };
  const compiled = guarded(filename, "resolve", () => {
    const scopes = resolve(
      file,
      (name) => lookUp(environment, name) !== undefined,
      (name) => universe.has(name),
    );
    const fn = functionNode("<expr>", x.pos, [], [{ kind: "return", pos: x.pos, x }]);
    return program(scopes, fn, filename);
  });
  return run(compiled, thread, environment, []);
}

/**
 * Calls a function.
 *
 * @throws {StarlarkError} when it fails.
 */
export function call(
  thread: Thread,
  fn: Value,
  args: readonly Value[] = [],
  kwargs: Kwargs = [],
): Value {
  try {
    return thread.call(fn, args, kwargs);
  } catch (error) {
    throw thread.failure(error);
  }
}

/** Makes values, and all that they refer to, immutable. */
export function freeze(values: Iterable<Value>): void {
  const queue = [...values];
  const seen = new Set<Value>();
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    value.freeze(queue);
  }
}
