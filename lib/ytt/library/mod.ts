/**
 * The `@ytt:…` modules that know nothing of YAML nodes: assert, base64, ip, json, math, md5,
 * module, regexp, sha256, struct, toml, url, version and yaml. What they need of YAML comes in as
 * functions. (`@ytt:data`, `overlay`, `template` and `library` belong to the workspace.)
 *
 * ```ts ignore
 * await preload(texts); // only does something when a text loads @ytt:regexp or @ytt:toml
 * const modules = standardModules({ plain, encodeYaml, decodeYaml, goType, version: "0.49.0" });
 * modules.get("json"); // a Module for load("@ytt:json", "json")
 * ```
 *
 * Values that must not end up in YAML by accident (`ip`, `url`, assertions) have a property
 * `conversionHint`, the text in `… does not automatically encode (hint: …)`; assertions have
 * `conversionError` instead, the whole text after `Unable to convert value: `.
 *
 * Needs no Deno permission.
 *
 * @module
 */

export type { LibraryHooks } from "./hooks.ts";
export { preload } from "./preload.ts";
export { standardModules } from "./standard_modules.ts";
