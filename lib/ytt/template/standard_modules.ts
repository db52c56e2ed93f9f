/** The modules that need nothing of the workspace, with YAML as they need it. */
import type { LibraryHooks } from "../library/hooks.ts";
import { standardModules } from "../library/standard_modules.ts";
import type { Value } from "../starlark/values.ts";
import { goType, toStarlark, toYaml } from "./convert.ts";
import { printDocuments, printValue } from "../yaml/emit.ts";
import { DocumentSet } from "../yaml/nodes.ts";
import { readYaml } from "../yaml/read.ts";
import { version } from "../version.ts";

/** How the library reaches YAML. */
export const libraryHooks: LibraryHooks = {
  plain: (value) => toStarlark(toYaml(value)),
  encodeYaml: (value) => {
    const data = toYaml(value);
    return data instanceof DocumentSet ? printDocuments(data.items) : printValue(data);
  },
  decodeYaml: (text) => {
    const items = readYaml(text, { withoutComments: true }).items;
    return toStarlark(items[0]?.value ?? null);
  },
  goType,
  version,
};

let modules: ReadonlyMap<string, Value> | undefined;

/** The module called `name`; all are made when the first is asked for. */
export function standardModule(name: string): Value | undefined {
  modules ??= standardModules(libraryHooks);
  return modules.get(name);
}
