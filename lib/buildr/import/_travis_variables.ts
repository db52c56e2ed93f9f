import { isNull, type MapNode, type TreeNode } from "../../yaml_tree/mod.ts";
import type { Notes } from "./draft.ts";
import { entriesOf, get, itemsOf, textOf, textsOf } from "./_nodes.ts";
import { LANGUAGES, type TravisLanguage } from "./_travis_languages.ts";

/** What Travis does for the language of a job. */
export function languageOf(node: MapNode, notes: Notes | undefined): TravisLanguage {
  const given = itemsOf(get(node, "language"))[0];
  // Travis took a project without a language for one of Ruby.
  const name = textOf(given) ?? "ruby";
  const known = LANGUAGES[name.toLowerCase()];
  if (known === undefined && notes !== undefined) {
    notes.add(given!, `Language "${name}" is not known here: the image is one of Ubuntu`);
  }
  return known ?? LANGUAGES["generic"]!;
}

/** What a job runs once for each value of: versions, compilers, environments. */
export function axesOf(
  node: MapNode,
  language: TravisLanguage,
): ReadonlyMap<string, readonly string[]> {
  const axes = new Map<string, readonly string[]>();
  const versions = language.versions === undefined ? [] : textsOf(get(node, language.versions));
  if (versions.length > 1) axes.set(language.versions!, versions);
  const compilers = textsOf(get(node, "compiler"));
  if (compilers.length > 1) axes.set("compiler", compilers);
  const env = envRows(get(node, "env"));
  if (env.length > 1) axes.set("env", env);
  return axes;
}

/** Rows of variables that a job runs once for each of. */
export function envRows(node: TreeNode | undefined): readonly string[] {
  if (node?.kind === "list") return node.items.flatMap(assignments);
  if (node?.kind !== "map") return node === undefined ? [] : assignments(node);
  const jobs = get(node, "jobs") ?? get(node, "matrix");
  if (jobs !== undefined) return itemsOf(jobs).flatMap(assignments);
  if (get(node, "global") !== undefined || node.entries.has("secure")) return [];
  return assignments(node);
}

/** `A=1 B=2`, or a mapping of them, as one line. */
export function assignments(node: TreeNode): readonly string[] {
  if (node.kind === "scalar") return isNull(node) ? [] : [node.text];
  if (node.kind !== "map" || node.entries.has("secure")) return [];
  const pairs = entriesOf(node).map(([name, { value }]) => `${name}=${quote(textOf(value) ?? "")}`);
  return pairs.length === 0 ? [] : [pairs.join(" ")];
}

function quote(text: string): string {
  return /^[\w./:@%+,-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Variables of all jobs. */
export function globalVariables(root: MapNode, notes: Notes): Record<string, string> {
  const result: Record<string, string> = {};
  const visit = (item: TreeNode): void => {
    if (item.kind === "list") return item.items.forEach(visit);
    for (const [name, { key, value }] of entriesOf(item)) {
      if (name === "secure") {
        const hint = 'write it anew with "superorch buildr secret set NAME"';
        notes.add(key, "Nobody but Travis can decrypt this variable", hint);
      } else if (textOf(value) !== undefined) result[name] = literal(textOf(value)!);
    }
    if (item.kind !== "scalar" || isNull(item)) return;
    for (
      const [, name, double, single, bare] of item.text.matchAll(
        /([A-Za-z_]\w*)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S*))/g,
      )
    ) {
      if (/\$/.test(double ?? bare ?? "")) {
        notes.add(item, `"${name}" refers to another variable, and is taken as it is`);
      }
      result[name!] = literal(double ?? single ?? bare ?? "");
    }
  };
  const env = get(root, "env");
  const global = get(env, "global");
  if (global !== undefined) visit(global);
  // Entries that are secret stand wherever somebody has put them.
  for (const item of [...itemsOf(env), ...itemsOf(get(env, "jobs") ?? get(env, "matrix"))]) {
    if (item.kind === "map" && item.entries.has("secure")) visit(item);
  }
  return result;
}

function literal(text: string): string {
  return text.replaceAll("${", "$${");
}
