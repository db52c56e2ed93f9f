/**
 * The configuration of `orchestra`: found, expanded, checked, and read into the model.
 *
 * Permissions: `--allow-read` of `.orchestra` and the directories above; `--allow-write` of
 * `.orchestra/cache`, and of `.orchestra/config` in the first run; `--allow-run=git` in the first
 * run; `--allow-env` for what `paths` mentions.
 *
 * @example
 * ```ts
 * import { loadConfiguration } from "@superorch/superorch/orchestra/config";
 *
 * const dotdir = `${await Deno.makeTempDir()}/.orchestra`;
 * await Deno.mkdir(`${dotdir}/config`, { recursive: true });
 * await Deno.writeTextFile(`${dotdir}/config/user_options.yml`, "");
 * await Deno.writeTextFile(
 *   `${dotdir}/config/components.yml`,
 *   'components: {hello: {builds: {debug: {configure: mkdir -p "$BUILD_DIR", install: "true"}}}}',
 * );
 * const { components } = await loadConfiguration({ dotdir });
 * console.log(components.get("hello")?.defaultBuild); // "debug"
 * await Deno.remove(dotdir.replace(/\/\.orchestra$/, ""), { recursive: true });
 * ```
 *
 * @module
 */

export { findDotdir, type FindDotdirOptions } from "./find_dotdir.ts";
export { ConfigurationError, loadConfiguration, type LoadConfigurationOptions } from "./load.ts";
export {
  expandConfiguration,
  type ExpandConfigurationOptions,
  type Expanded,
} from "./expand_configuration.ts";
export { CONFIGURATION_SCHEMA, type JsonSchema } from "./schema.ts";
export { findBuild, UnknownBuildError, UnknownComponentError } from "./find_build.ts";
export { mostSimilar, similarity } from "./similarity.ts";
export type { Mistake } from "./validate.ts";
export type { TemplateLine } from "./locate.ts";
export { parseDependency } from "./dependency.ts";
export { type CreateUserOptions, createUserOptions, NoRemotesError } from "./user_options.ts";
export { ORCHESTRA_VERSION } from "./version.ts";
