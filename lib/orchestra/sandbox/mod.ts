/**
 * Containers that scripts of a configuration are run in, without network and with nothing in the
 * root but what the build says that it needs.
 *
 * Permissions: those of `containers`; `--allow-write` of the root.
 *
 * @example
 * ```ts no-eval
 * import { loadConfiguration } from "@superorch/superorch/orchestra/config";
 * import { perform } from "@superorch/superorch/orchestra/actions";
 * import { Sandbox } from "@superorch/superorch/orchestra/sandbox";
 *
 * const configuration = await loadConfiguration({ dotdir: "/project/.orchestra" });
 * await using sandbox = await Sandbox.create({ image: "gcc:13", configuration });
 * await perform({
 *   configuration,
 *   purpose: "try",
 *   request: { targets: [{ kind: "install", component: "zlib", build: "default" }] },
 *   scriptRunner: (place) => sandbox.runner(place),
 *   log: (level, message) => console.error(level, message),
 * });
 * ```
 *
 * @module
 */

export { closureOfBuild } from "./declared.ts";
export { rootOfDependencies } from "./root_of_dependencies.ts";
export { Sandbox, type SandboxOptions } from "./sandbox.ts";
