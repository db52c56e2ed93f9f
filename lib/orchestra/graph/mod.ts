/**
 * Questions about who depends on whom, and graphs for graphviz.
 *
 * Permissions: none.
 *
 * @example
 * ```ts
 * import { dependantsOf } from "@superorch/superorch/orchestra/graph";
 *
 * console.log(dependantsOf({ components: new Map() }, ["zlib"])); // []
 * ```
 *
 * @module
 */

export { type DotOptions, printDot } from "./dot.ts";
export { dependantsOf } from "./dependants.ts";
export {
  type InstalledDependencies,
  installedDependencies,
  type InstalledDependenciesOptions,
} from "./runtime_closure.ts";
