import { errorMessage } from "../errors/error_message.ts";
import { type Diagnostics, SourceText } from "../diagnostics/mod.ts";
import { interpolateTree } from "./_interpolate_tree.ts";
import type { ReadVariable } from "./interpolate.ts";
import { mergeTrees, withoutTags } from "./_merge.ts";
import { parseYaml } from "../yaml_tree/mod.ts";
import { type PathBase, resolvePaths } from "./_paths.ts";
import {
  describeNode,
  isNull,
  mapAt,
  type MapNode,
  type Place,
  type TreeNode,
} from "../yaml_tree/mod.ts";

/** What all files of a project share. */
export interface FileContext {
  /** Takes mistakes of all files. */
  readonly diagnostics: Diagnostics;
  /** Variables that were warned of already. */
  readonly warned: Set<string>;
  /** Directory that names of files are shown relative to. */
  readonly cwd: string;
  /** Directory of the user. */
  readonly home: string | undefined;
  /** Files that were read already. */
  readonly sources: Map<string, SourceText>;
  /** Files that were looked for, whether they are there or not. */
  readonly sought: Set<string>;
  /** Ends the reading. */
  readonly signal: AbortSignal | undefined;
}

/** Reads the text of a file, once. */
export async function readSource(
  path: string,
  context: Pick<FileContext, "cwd" | "sources" | "signal">,
): Promise<SourceText> {
  const known = context.sources.get(path);
  if (known !== undefined) return known;
  const text = path === "-"
    ? await new Response(Deno.stdin.readable).text()
    : await Deno.readTextFile(path, { signal: context.signal });
  const source = new SourceText(path === "-" ? "stdin" : shown(path, context.cwd), text);
  context.sources.set(path, source);
  return source;
}

/** Reads a file that another one refers to; what goes wrong is reported at that place. */
export async function readReferred(
  path: string,
  at: Place,
  context: FileContext,
): Promise<SourceText | undefined> {
  try {
    return await readSource(path, context);
  } catch (error) {
    context.signal?.throwIfAborted();
    const reason = readFailure(error);
    context.diagnostics.error(
      at.source,
      at.range,
      `Cannot read "${shown(path, context.cwd)}": ${reason}`,
    );
    return undefined;
  }
}

/** Says in a few words why a file cannot be read. */
export function readFailure(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  if (error instanceof Deno.errors.PermissionDenied) return "it is not allowed";
  return errorMessage(error);
}

/** Reads a compose file to a tree with variables replaced and absolute paths. */
export async function readComposeFile(
  source: SourceText,
  base: PathBase,
  read: ReadVariable,
  context: FileContext,
): Promise<MapNode> {
  const { diagnostics, warned } = context;
  const start: Place = { source, range: { start: 0, end: 0 } };
  const documents = await parseYaml(source, diagnostics, { tags: ["!reset", "!override"] });
  let merged: MapNode | undefined;
  for (const document of documents ?? []) {
    if (isNull(document)) continue;
    if (document.kind !== "map") {
      diagnostics.error(
        document.source,
        document.range,
        `A compose file must be a mapping, not ${describeNode(document)}`,
      );
      continue;
    }
    const replaced = interpolateTree(document, { read, diagnostics, warned });
    const resolved = resolvePaths(replaced, base);
    merged = merged === undefined ? resolved as MapNode : mergeTrees(merged, resolved) as MapNode;
  }
  if (merged === undefined) {
    if (documents !== undefined && !diagnostics.errors.some((one) => one.source === source)) {
      diagnostics.error(source, start.range, "A compose file must not be empty");
    }
    return mapAt(start);
  }
  return merged;
}

/** Merges one file on top of those before. */
export function mergeFile(base: MapNode | undefined, file: MapNode): MapNode {
  if (base !== undefined) return mergeTrees(base, file) as MapNode;
  return /!(?:reset|override)\b/.test(file.source.text) ? withoutTags(file) : file;
}

/** Shows a path relative to the working directory where it is within it. */
export function shown(path: string, cwd: string): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}

/** Gives the texts of a value that may be one or a list of them. */
export function textsOf(
  node: TreeNode | undefined,
): readonly (Place & { readonly text: string })[] {
  if (node === undefined || isNull(node)) return [];
  if (node.kind === "list") return node.items.flatMap(textsOf);
  return node.kind === "scalar" ? [node] : [];
}
