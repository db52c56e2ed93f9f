// The engine is some hundred modules: whoever imports everything pays for them on first use only.
import type { OutputFormat, Rendered, RenderOptions } from "./workspace/render.ts";

/**
 * Evaluates templates.
 *
 * @param options Files, data values, marks, limits.
 * @returns What the files gave, by file and as one text.
 * @throws {YttError} when a template is wrong, fails or passes a limit.
 */
export async function render(options: RenderOptions): Promise<Rendered> {
  return await (await import("./workspace/render.ts")).render(options);
}

/**
 * Evaluates the data values of the same input alone.
 *
 * @param options As for {@linkcode render}.
 * @param format Layout of the text. Default `yaml`.
 * @returns The final values as text.
 * @throws {YttError} as {@linkcode render} does.
 */
export async function inspectValues(
  options: RenderOptions,
  format: OutputFormat = "yaml",
): Promise<string> {
  return await (await import("./workspace/render.ts")).inspectValues(options, format);
}

/**
 * Shows the schema of the data values as an OpenAPI document.
 *
 * @param options As for {@linkcode render}.
 * @returns YAML text.
 * @throws {YttError} as {@linkcode render} does.
 */
export async function inspectSchema(options: RenderOptions): Promise<string> {
  return await (await import("./workspace/render.ts")).inspectSchema(options);
}

/**
 * Formats YAML as `ytt fmt` does.
 *
 * @param text The text.
 * @param name Name for messages.
 * @returns The formatted text.
 * @throws {YamlError} when it is not YAML.
 */
export async function formatYaml(text: string, name = ""): Promise<string> {
  return (await import("./yaml/fmt.ts")).formatYaml(text, name);
}
