/**
 * superorch: programs instead of shell scripts and compose files.
 *
 * Every module is also an entry point of its own (`@superorch/superorch/errors`, …), and
 * importing one loads nothing of the others.
 *
 * @module
 */

export * as errors from "./lib/errors/mod.ts";
export * as diagnostics from "./lib/diagnostics/mod.ts";
export * as yamlTree from "./lib/yaml_tree/mod.ts";
export * as files from "./lib/files/mod.ts";
export * as retry from "./lib/retry/mod.ts";
export * as commands from "./lib/commands/mod.ts";
export * as messages from "./lib/messages/mod.ts";
export * as registry from "./lib/registry/mod.ts";
export * as engine from "./lib/engine/mod.ts";
export * as containers from "./lib/containers/mod.ts";
export * as orchestra from "./lib/orchestra/mod.ts";
export * as ytt from "./lib/ytt/mod.ts";
export * as compose from "./lib/compose/mod.ts";
export * as buildr from "./lib/buildr/mod.ts";
export * as rustcWrap from "./lib/rustc_wrap/mod.ts";
export * as doctor from "./lib/doctor/mod.ts";
