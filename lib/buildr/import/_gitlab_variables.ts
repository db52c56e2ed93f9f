import type { Notes } from "./draft.ts";
import { entriesOf, get, isFalse, textOf } from "./_nodes.ts";
import type { TreeNode } from "../../yaml_tree/mod.ts";

/** What our manifest has for variables that GitLab provides. */
const PROVIDED: Readonly<Record<string, string>> = {
  CI_COMMIT_BRANCH: "${branch}",
  CI_COMMIT_REF_NAME: "${branch}",
  CI_COMMIT_REF_SLUG: "${branch}",
  CI_COMMIT_TAG: "${tag}",
  CI_COMMIT_SHA: "${commit}",
  CI_BUILD_REF: "${commit}",
  CI_JOB_NAME: "${stage}",
  CI_JOB_STAGE: "${stage}",
  CI_PROJECT_DIR: "/app",
  CI_NODE_TOTAL: "${env.CI_NODE_TOTAL:-1}",
  CI_NODE_INDEX: "${env.CI_NODE_INDEX:-1}",
};

/** A name that is provided by us as well, or by the shell. */
const SAME = new Set(["CI", "HOME", "PATH", "PWD", "HOSTNAME", "USER"]);

/** Names that may be replaced in values, with what they are replaced by. */
export type Known = ReadonlyMap<string, string>;

/**
 * Puts our `${…}` in the places of GitLab's `$NAME` and `${NAME}` in a value.
 *
 * @param text The value.
 * @param matrix Names that the matrix of the job gives values to.
 */
export function translate(text: string, matrix: ReadonlySet<string> = new Set()): string {
  return text.replaceAll(
    /\$\$|\$\{(\w+)\}|\$([A-Za-z_]\w*)|%(\w+)%/g,
    (whole, braced: string | undefined, bare: string | undefined) => {
      if (whole === "$$") return "$";
      const name = braced ?? bare;
      if (name === undefined) return whole;
      if (matrix.has(name)) return `\${matrix.${name}}`;
      return Object.hasOwn(PROVIDED, name) ? PROVIDED[name]! : `\${env.${name}:-}`;
    },
  );
}

/** Reads `variables`. */
export function readVariables(
  node: TreeNode | undefined,
  matrix: ReadonlySet<string> = new Set(),
): Readonly<Record<string, string>> {
  const result: [string, string][] = [];
  for (const [name, { value }] of entriesOf(node)) {
    const one = value.kind === "map" ? get(value, "value") : value;
    const text = textOf(one) ?? "";
    const raw = value.kind === "map" && isFalse(get(value, "expand"));
    result.push([name, raw ? text.replaceAll("${", "$${") : translate(text, matrix)]);
  }
  return Object.fromEntries(result);
}

/**
 * Finds GitLab's own variables that a script uses: some have a counterpart, which is set under their
 * name; the others are told.
 */
export function providedIn(
  lines: readonly { readonly text: string }[],
  nodes: readonly TreeNode[],
  notes: Notes,
  told: Set<string>,
): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  lines.forEach(({ text }, index) => {
    for (const [, name] of text.matchAll(/\$\{?((?:CI|GITLAB)_\w+)/g)) {
      if (SAME.has(name!)) continue;
      if (Object.hasOwn(PROVIDED, name!)) {
        if (!/^CI_NODE_/.test(name!)) result[name!] = PROVIDED[name!]!;
      } else if (!told.has(name!)) {
        told.add(name!);
        notes.add(nodes[index]!, `Nothing sets "${name}" here`, "set it yourself if it is needed");
      }
    }
  });
  return result;
}
