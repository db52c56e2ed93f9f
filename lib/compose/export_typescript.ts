import type { ContainerSpec, ImageSource } from "../containers/mod.ts";
import type { Project } from "./project.ts";
import { toNetwork } from "./to_network.ts";
import { type Code, code, quoted, writeValue } from "./_write_value.ts";

/** How a module is written. */
export interface ExportOptions {
  /** What `containers` is imported from. Default `@superorch/superorch/containers`. */
  readonly importFrom?: string;
}

/** No variable of an environment has such a name, so nothing else looks like one. */
const VARIABLE = "\0variable:";

/**
 * Writes a project as a TypeScript module that does the same: its default export is the network as
 * plain data, and run as a program it starts it and waits for its end.
 *
 * Paths within the directory of the project are taken from where the module is, so it belongs
 * there. Values that come from the environment when the containers start stay there; those that the
 * compose file interpolated are written out.
 *
 * @param project The project.
 * @param options `importFrom`.
 * @returns The text of the module, formatted as `deno fmt` does with a width of 100.
 */
export function exportTypeScript(project: Project, options: ExportOptions = {}): string {
  const { importFrom = "@superorch/superorch/containers" } = options;
  const hidden = Object.keys(project.fileVariables)
    .map((name) => [name, `${VARIABLE}${name}`] as const);
  const { name, options: network, specs } = toNetwork({
    ...project,
    fileVariables: Object.fromEntries(hidden),
  });
  const prefix = `${project.directory}/`;
  let usesHere = false;
  let usesVariables = false;
  const text = (value: string): Code | undefined => {
    if (value.startsWith(VARIABLE)) {
      usesVariables = true;
      return code(`variable(${JSON.stringify(value.slice(VARIABLE.length))})`);
    }
    if (value !== project.directory && !value.startsWith(prefix)) return undefined;
    usesHere = true;
    const rest = value.slice(project.directory.length);
    return rest === ""
      ? code("here")
      : code("`${here}" + rest.replaceAll(/[`\\]|\$\{/g, (found) => `\\${found}`) + "`");
  };
  const calls = specs.map((spec) => `  ${containerCall(spec, text)},\n`).join("");
  const settings = writeValue(network, 2, text);
  const head = [
    usesHere ? `const here = import.meta.dirname!;\n` : "",
    usesVariables ? VARIABLE_FUNCTION : "",
  ].filter((part) => part !== "").join("\n");
  return `import { container, ContainerNetwork } from ${JSON.stringify(importFrom)};\n\n` +
    (head === "" ? "" : `${head}\n`) +
    `const specs = [\n${calls}];\n\n` +
    `const description = {\n` +
    `  name: ${JSON.stringify(name)},\n` +
    `  options: ${settings},\n` +
    `  specs,\n};\n\n` +
    `export default description;\n\n` +
    MAIN;
}

const VARIABLE_FUNCTION = `function variable(name: string): string {
  const value = Deno.env.get(name);
  if (value === undefined) throw new TypeError(\`Variable "\${name}" is not set\`);
  return value;
}
`;

const MAIN = `if (import.meta.main) {
  await using network = await ContainerNetwork.create(description.name, description.options);
  network.add(...specs);
  await network.run();
  await network.wait();
}
`;

function containerCall(
  { kind: _kind, name, image, ...options }: ContainerSpec,
  text: (value: string) => Code | undefined,
): string {
  const what = imageArgument(image, text);
  if (Object.keys(options).length === 0) return `container(${JSON.stringify(name)}, ${what})`;
  return `container(${JSON.stringify(name)}, ${what}, ${writeValue(options, 2, text, true)})`;
}

function imageArgument(image: ImageSource, text: (value: string) => Code | undefined): string {
  return image.kind === "reference" ? quoted(image.reference) : writeValue(image, 2, text, true);
}
