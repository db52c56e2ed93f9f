import type { When } from "../manifest/model.ts";
import type { RunFacts, SkipReason } from "./model.ts";
import { matchesGlob } from "./glob.ts";

/**
 * Tells why the conditions of a stage do not hold; `when.status` is not known before it runs.
 *
 * @param when The conditions.
 * @param facts What they are about.
 */
export function whyNot(when: When, facts: RunFacts): SkipReason | undefined {
  const { branch = "", tag = "", changedFiles } = facts;
  const skip = (message: string): SkipReason => ({ code: "when", message });
  const list = (globs: readonly string[]) => globs.map((glob) => `"${glob}"`).join(", ");
  if (when.branch !== undefined && (branch === "" || !matchesGlob(branch, when.branch))) {
    const what = branch === "" ? "there is no branch to match" : `"${branch}" matches none of`;
    return skip(`when.branch: ${what} ${list(when.branch)}`);
  }
  if (when.tag !== undefined && (tag === "" || !matchesGlob(tag, when.tag))) {
    const what = tag === "" ? "the commit has no tag to match" : `"${tag}" matches none of`;
    return skip(`when.tag: ${what} ${list(when.tag)}`);
  }
  const { changes } = when;
  if (changes !== undefined && changedFiles !== undefined) {
    if (!changedFiles.some((file) => matchesGlob(file, changes))) {
      return skip(`when.changes: no changed file matches ${list(changes)}`);
    }
  }
  for (const [name, wanted] of when.env ?? []) {
    const value = valueOf(name, facts);
    if (wanted === true && !value) return skip(`when.env: "${name}" is not set`);
    if (wanted === false && value) return skip(`when.env: "${name}" is set`);
    if (typeof wanted === "string" && (value === undefined || !matchesGlob(value, [wanted]))) {
      const now = value === undefined ? "it is not set" : "it has another value";
      return skip(`when.env: "${name}" must be "${wanted}", and ${now}`);
    }
  }
  if (when.only !== undefined && !when.only.some((ref) => refMatches(ref, branch, tag))) {
    return skip(`only: ${shownRef(branch, tag)} is none of ${list(when.only)}`);
  }
  const unwanted = when.except?.find((ref) => refMatches(ref, branch, tag));
  if (unwanted !== undefined) {
    return skip(`except: ${shownRef(branch, tag)} matches "${unwanted}"`);
  }
  return undefined;
}

function valueOf(name: string, { env = {}, variables = {} }: RunFacts): string | undefined {
  if (Object.hasOwn(variables, name)) return variables[name];
  return Object.hasOwn(env, name) ? env[name] : undefined;
}

function shownRef(branch: string, tag: string): string {
  const names = [branch, tag].filter((name) => name !== "").map((name) => `"${name}"`);
  return names.length === 0 ? "no branch and no tag" : names.join(" and ");
}

// In GitLab a run is of a branch or of a tag; on a desk, a branch can have a tag at its end.
function refMatches(ref: string, branch: string, tag: string): boolean {
  if (ref === "branches") return branch !== "";
  if (ref === "tags") return tag !== "";
  const names = [branch, tag].filter((name) => name !== "");
  const pattern = /^\/(.*)\/(i?)$/s.exec(ref);
  if (pattern === null) return names.some((name) => matchesGlob(name, [ref]));
  const expression = new RegExp(pattern[1]!, pattern[2]);
  return names.some((name) => expression.test(name));
}
