/**
 * Spec files: a Starlark program, a line `---`, and what it prints; an error that stops it comes
 * last. `catch(f, …)` is the message of the error that `f(…)` fails with. Files that end in
 * `.indent.star` are standard Starlark, the others are in ytt's dialect. `UPDATE=1` rewrites.
 */
import assert from "node:assert/strict";
import {
  Builtin,
  compile,
  exec,
  parse,
  StarlarkError,
  StarlarkSyntaxError,
  Thread,
  type Value,
} from "../../../lib/ytt/starlark/mod.ts";

/** Finds a module for `load`. */
export type Loader = (module: string) => ReadonlyMap<string, Value>;

const separator = "\n---\n";

const predeclared: Record<string, Value> = {
  catch: new Builtin("catch", (thread, [fn, ...args], kwargs) => {
    try {
      thread.call(fn!, args, kwargs);
      return "no error";
    } catch (error) {
      return (error as Error).message;
    }
  }),
};

function run(source: string, name: string, load: Loader): string {
  const out: string[] = [];
  const thread = new Thread({ print: (text) => out.push(text), load });
  try {
    const blockMode = name.endsWith(".indent.star") ? "indent" : "end";
    const file = parse(source, name, { blockMode });
    exec(compile(file, (id) => Object.hasOwn(predeclared, id)), thread, predeclared);
  } catch (error) {
    if (error instanceof StarlarkSyntaxError) {
      for (const { message, position } of error.errors) {
        out.push(`${position.line}:${position.column}: ${message}`);
      }
    } else if (error instanceof StarlarkError) out.push(error.backtrace());
    else throw error;
  }
  return out.map((line) => `${line.trimEnd()}\n`).join("");
}

/** One test for each file of `directory`. */
export function testSpecs(directory: URL, load: Loader): void {
  for (const { name } of Deno.readDirSync(directory)) {
    Deno.test(`spec ${name}`, () => {
      assert.match(name, /^[a-z0-9_]+(\.indent)?\.star$/, "every fixture has an owner");
      const path = new URL(name, directory);
      const text = Deno.readTextFileSync(path);
      const at = text.indexOf(separator);
      const source = at < 0 ? text : text.slice(0, at + 1);
      const actual = run(source, name, load);
      if (Deno.env.get("UPDATE") === "1") {
        Deno.writeTextFileSync(path, source + separator.slice(1) + actual);
      } else assert.equal(actual, at < 0 ? "" : text.slice(at + separator.length));
    });
  }
}
