import {
  explainStage,
  importManifest,
  initManifest,
  loadManifest,
  planRun,
  renderDryRun,
  renderGraph,
} from "../../lib/buildr/mod.ts";
import type { Manifest, RunFacts, Selection } from "../../lib/buildr/mod.ts";
import { Diagnostics, renderDiagnostics } from "../../lib/diagnostics/mod.ts";
import { parseYaml } from "../../lib/yaml_tree/mod.ts";
import { SourceText } from "../../lib/diagnostics/mod.ts";
import { readManifest } from "../../lib/buildr/manifest/read_manifest.ts";

/** What is done with the files of a specification. */
interface SpecOptions extends Selection {
  readonly show?: "plan" | "dry-run" | "graph" | "dot" | "model" | "warnings" | "explain";
  readonly facts?: RunFacts;
  readonly stage?: string;
  readonly import?: string;
  readonly init?: boolean | string;
  readonly file?: string;
  readonly path?: string;
}

/** A specification in one text file: parts that begin with `--- name`. */
export interface Spec {
  /** Files by path. */
  readonly files: ReadonlyMap<string, string>;
  /** What is done with them. */
  readonly options: SpecOptions;
  /** What is expected. */
  readonly expected: string;
  /** All of the text before the expected part. */
  readonly head: string;
}

/** Takes a text file apart. */
export function parseSpec(text: string): Spec {
  const mark = "--- expected\n";
  const at = text.indexOf(mark);
  const head = at === -1 ? `${text.trimEnd()}\n` : text.slice(0, at);
  const files = new Map<string, string>();
  let options: SpecOptions = {};
  for (const part of head.split(/^--- /m).slice(1)) {
    const end = part.indexOf("\n");
    const name = part.slice(0, end);
    if (name === "options") options = JSON.parse(part.slice(end + 1));
    else files.set(name, part.slice(end + 1));
  }
  return { files, options, expected: at === -1 ? "" : text.slice(at + mark.length), head };
}

/** Does what a specification says, in an empty directory. */
export async function runSpec({ files, options }: Spec): Promise<string> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "superorch-buildr-" }));
  try {
    for (const [path, text] of files) {
      const full = `${directory}/${path}`;
      await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
      if (!path.endsWith("/")) await Deno.writeTextFile(full, text);
    }
    return (await resultOf(directory, options)).replaceAll(directory, "DIR");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function resultOf(directory: string, options: SpecOptions): Promise<string> {
  try {
    if (options.init !== undefined) {
      const kind = typeof options.init === "string" ? { kind: options.init } : {};
      const { text, others } = await initManifest({ directory, ...kind });
      await requireValid(text);
      const names = others.map(({ name }) => name).join(" ");
      return `${text}${names === "" ? "" : `\nothers: ${names}\n`}`;
    }
    if (options.import !== undefined) {
      const { text, notes } = await importManifest({ directory, file: options.import });
      await requireValid(text);
      const shown = notes.map((note) => renderDiagnostics([note]).split("\n")[0]).join("\n");
      return `${text}${shown === "" ? "" : `\n${shown}\n`}`;
    }
    const place = {
      cwd: directory,
      ...(options.file === undefined ? {} : { file: options.file }),
      ...(options.path === undefined ? {} : { path: options.path }),
    };
    const manifest = await loadManifest(place);
    return show(manifest, options);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `${error.name}: ${error.message}\n`;
  }
}

function show(manifest: Manifest, options: SpecOptions): string {
  const { show: what = "plan", facts = {}, ...selection } = options;
  if (what === "model") return `${JSON.stringify(plain(manifest), null, 2)}\n`;
  const warnings = manifest.warnings.length === 0
    ? ""
    : `${renderDiagnostics(manifest.warnings)}\n`;
  if (what === "warnings") return warnings === "" ? "no warnings\n" : warnings;
  const plan = planRun(manifest, { ...selection, facts });
  if (what === "dry-run") return renderDryRun(plan);
  if (what === "graph") return renderGraph(plan);
  if (what === "dot") return renderGraph(plan, "dot");
  if (what === "explain") return explainStage(plan, options.stage ?? "").text;
  const nodes = plan.after === undefined ? plan.nodes : [...plan.nodes, plan.after];
  const lines = nodes.map(({ id, placement, skip, needs }) =>
    skip === undefined
      ? `${id}: ${placement.kind} ${placement.image}, needs [${needs.map((one) => one.id)}]`
      : `${id}: skipped (${skip.code}), ${skip.message}`
  );
  return `${warnings}${lines.join("\n")}\n`;
}

/** Without places, and with maps as objects. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => !["at", "source", "warnings"].includes(name))
      .map(([name, one]) => [name, plain(one)]),
  );
}

/** What we write must be what we read. */
async function requireValid(text: string): Promise<void> {
  const diagnostics = new Diagnostics();
  const source = new SourceText(".buildr.yml", text);
  if (await parseYaml(source, diagnostics) !== undefined) {
    await readManifest(source, { path: "/p/.buildr.yml", directory: "/p" }, diagnostics);
  }
  if (diagnostics.errors.length > 0) {
    throw new Error(`The manifest is wrong:\n${renderDiagnostics(diagnostics.errors)}\n${text}`);
  }
}
