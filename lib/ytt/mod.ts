/**
 * The ytt template engine: YAML and text templates, overlays, data values with schemas, libraries.
 * No second program is needed, and nothing of it is specific to the command line or to Deno.
 *
 * Not for reading or writing YAML in general: it reads YAML 1.1 as ytt does.
 *
 * ```ts
 * import { render } from "jsr:@superorch/superorch/ytt";
 *
 * const result = await render({
 *   files: [
 *     { path: "config.yml", data: "#@ load('@ytt:data', 'data')\nname: #@ data.values.name" },
 *     { path: "values.yml", data: "#@data/values\n---\nname: demo" },
 *   ],
 *   dataValues: ["name=real"],
 * });
 * console.log(result.output()); // name: real
 * ```
 *
 * Permissions: none; {@link readFiles} needs `--allow-read` for what it is given.
 *
 * @module
 */

export { formatYaml, inspectSchema, inspectValues, render } from "./lazy.ts";
export type { OutputFormat, Rendered, RenderedFile, RenderOptions } from "./workspace/render.ts";
export { YttError } from "./workspace/error.ts";
export type { InputFile } from "./workspace/file.ts";
export type { ValueFlags } from "./workspace/flags.ts";
export type { SessionOptions } from "./workspace/session.ts";
export type { TemplateIssue, TemplatePlace } from "./template/error.ts";
export { readFiles } from "./workspace/read_files.ts";
export type { FileSystem, ReadFilesOptions } from "./workspace/read_files.ts";
export type { PlainValue } from "./yaml/plain.ts";
export type { Limits } from "./starlark/thread.ts";
export { YamlError } from "./yaml/error.ts";
