/**
 * The hashes that archives and installed components are known by, and the text that they are
 * taken of.
 *
 * Permissions: none; the cache of hash material needs `--allow-read` and `--allow-write` of
 * `.orchestra/cache`.
 *
 * @example
 * ```ts
 * import { createHashes } from "@superorch/superorch/orchestra/hashes";
 *
 * const commits = { head: () => ({ branch: null, commit: null }) };
 * const hashes = await createHashes({ components: new Map() }, commits);
 * console.log(typeof hashes.recursiveHash); // "function"
 * ```
 *
 * @module
 */

export { createHashes } from "./create_hashes.ts";
export { closure } from "./closure.ts";
export { findMaterial, readMaterialCache, writeMaterialCache } from "./material_cache.ts";
export { dumpYaml, type MaterialValue } from "./yaml_dump.ts";
export { describeDifference, type NamedMaterial } from "./difference.ts";
