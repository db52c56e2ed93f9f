import { loadComposeProject, printConfig, toNetwork } from "../../lib/compose/mod.ts";
import type { LoadOptions } from "../../lib/compose/mod.ts";
import { renderDiagnostics } from "../../lib/diagnostics/mod.ts";

/** A specification in one text file: parts that begin with `--- name`. */
export interface Spec {
  /** Files by path; `options` and the expected part are not among them. */
  readonly files: ReadonlyMap<string, string>;
  /** What `loadComposeProject` is told besides. */
  readonly options: LoadOptions & { readonly show?: "config" | "network"; readonly dir?: string };
  /** What is expected. */
  readonly expected: string;
  /** All of the text before the expected part. */
  readonly head: string;
}

/** Takes a text file apart. */
export function parseSpec(text: string): Spec {
  const at = text.indexOf("--- expected\n");
  const head = at === -1 ? `${text.trimEnd()}\n` : text.slice(0, at);
  const expected = at === -1 ? "" : text.slice(at + "--- expected\n".length);
  const files = new Map<string, string>();
  let options = {};
  for (const part of head.split(/^--- /m).slice(1)) {
    const end = part.indexOf("\n");
    const name = part.slice(0, end);
    if (name === "options") options = JSON.parse(part.slice(end + 1));
    else files.set(name, part.slice(end + 1));
  }
  return { files, options, expected, head };
}

/** Does what a specification says, in an empty directory. */
export async function runSpec({ files, options }: Spec): Promise<string> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "superorch-compose-" }));
  try {
    const directory = `${root}/project`;
    await Deno.mkdir(directory);
    for (const [path, text] of files) {
      const full = `${directory}/${path}`;
      await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(full, text);
    }
    const { show = "config", dir = "", ...load } = options;
    const given = { env: {}, cwd: `${directory}/${dir}`, ...load };
    return (await resultOf(given, show)).replaceAll(directory, "DIR")
      .replaceAll(root, "ROOT");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function resultOf(options: LoadOptions, show: "config" | "network"): Promise<string> {
  try {
    const project = await loadComposeProject(options);
    const warnings = project.warnings.length === 0
      ? ""
      : `${renderDiagnostics(project.warnings)}\n\n`;
    if (show === "config") return warnings + printConfig(project);
    return `${warnings}${JSON.stringify(toNetwork(project), null, 2)}\n`;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `${error.name}: ${error.message}\n`;
  }
}
