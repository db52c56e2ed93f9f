/** The `@ytt:…` modules that belong to the workspace; the others are in `../library/`. */
import { checkPositional, expect } from "../starlark/args.ts";
import { List } from "../starlark/list.ts";
import { Module } from "../starlark/struct.ts";
import type { Thread } from "../starlark/thread.ts";
import type { Value } from "../starlark/values.ts";
import { overlayModule } from "../overlay/module.ts";
import { prefixed, type TemplateRun } from "../template/evaluate.ts";
import { comparePaths, type WorkFile } from "./file.ts";
import type { Library } from "./library.ts";
import { standardModule } from "../template/standard_modules.ts";

/** What the modules of one running file can reach. */
export interface ModuleHost {
  readonly run: TemplateRun;
  readonly library: Library;
  readonly file: WorkFile;
  readonly values: Value;
  readonly libraryModule: (thread: Thread) => Value;
}

const overlay = new Map<string, Value>([["overlay", overlayModule()]]);

/** The names that `load("@ytt:name", …)` can take. */
export function moduleFor(
  name: string,
  host: ModuleHost,
  thread: Thread,
): ReadonlyMap<string, Value> {
  switch (name) {
    case "overlay":
      return overlay;
    case "template":
      return new Map([["template", templateModule(host)]]);
    case "data":
      return new Map([["data", dataModule(host)]]);
    case "library":
      return new Map([["library", host.libraryModule(thread)]]);
  }
  const module = standardModule(name);
  if (module === undefined) {
    throw new Error(`builtin ytt library does not have module '@ytt:${name}'`);
  }
  return new Map([[name, module]]);
}

function templateModule({ run }: ModuleHost): Module {
  return new Module(
    "template",
    new Map([[
      "replace",
      prefixed("template.replace", (thread, args, kwargs) => {
        checkPositional("template.replace", args, kwargs, 1);
        return run.replace(thread, args[0]!);
      }),
    ]]),
  );
}

function dataModule({ library, file, values }: ModuleHost): Module {
  return new Module(
    "data",
    new Map<string, Value>([
      ["values", values],
      [
        "list",
        prefixed("data.list", (_thread, args, kwargs) => {
          checkPositional("data.list", args, kwargs, 0, 1);
          const under = args.length === 0 ? "" : expect("data.list", 1, "string", args[0]!);
          const base = under === "" ? "" : `${under.replace(/^\/+|\/+$/g, "")}/`;
          const paths = library.files.map((other) => library.relative(other));
          return new List(paths.filter((path) => path.startsWith(base)).sort(comparePaths));
        }),
      ],
      [
        "read",
        prefixed("data.read", (_thread, args, kwargs) => {
          checkPositional("data.read", args, kwargs, 1);
          return library.find(expect("data.read", 1, "string", args[0]!), file).text();
        }),
      ],
    ]),
  );
}
