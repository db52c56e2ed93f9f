import type { TreeNode } from "../../yaml_tree/mod.ts";
import type { Notes } from "./draft.ts";
import { entriesOf, get, isTrue, itemsOf, scalarsOf, textOf, textsOf } from "./_nodes.ts";

/** Conditions of a stage as our manifest has them. */
export interface Conditions {
  /** `when`. */
  when?: Record<string, unknown>;
  /** `only`. */
  only?: readonly string[];
  /** `except`. */
  except?: readonly string[];
  /** Whether it must be asked for. */
  manual?: boolean;
  /** Whether it never runs. */
  never?: boolean;
  /** Whether it may fail. */
  allowFailure?: boolean;
}

/** Triggers that only a server knows. */
const SERVER_REFS = new Set(
  ("api chat external external_pull_requests merge_requests pipelines pushes schedules triggers web")
    .split(" "),
);

/** A term of a condition. */
type Term =
  | { readonly kind: "ref"; readonly ref: string; readonly not: boolean }
  | { readonly kind: "env"; readonly name: string; readonly value: string | boolean };

/** Reads `rules`: a list of alternatives, the first of which that matches decides. */
export function readRules(rules: TreeNode, job: string, notes: Notes): Conditions {
  const result: Conditions = {};
  const only: string[] = [];
  const except: string[] = [];
  const changes: string[] = [];
  const env: Record<string, string | boolean> = {};
  let always = false;
  let positive = 0;
  let dropped = 0;
  let manual = 0;
  const items = itemsOf(rules);
  for (const rule of items) {
    if (rule.kind !== "map") {
      notes.add(rule, `A rule of "${job}" is no mapping`);
      continue;
    }
    const outcome = textOf(get(rule, "when")) ?? "on_success";
    const changed = changesOf(get(rule, "changes"));
    const condition = get(rule, "if");
    const terms = condition === undefined ? [] : parseCondition(textOf(condition) ?? "");
    for (const name of ["exists", "needs", "variables", "interruptible"]) {
      const entry = rule.kind === "map" ? rule.entries.get(name) : undefined;
      if (entry !== undefined) notes.add(entry.key, `"${name}" in a rule of "${job}" is left out`);
    }
    if (terms === undefined) {
      notes.add(
        condition!,
        `This condition of "${job}" cannot be mapped: its rule is left out`,
        'write "when" by hand',
      );
      if (outcome !== "never") dropped++;
      continue;
    }
    if (outcome === "never") {
      const refs = terms.flatMap((term) => term.kind === "ref" && !term.not ? [term.ref] : []);
      const isPlain = terms.length === 1 && changed.length === 0;
      if (terms.length === 0 && changed.length === 0) break;
      if (isPlain && refs.length === 1) except.push(refs[0]!);
      else if (isPlain && terms[0]!.kind === "env" && typeof terms[0]!.value === "boolean") {
        env[terms[0]!.name] = !terms[0]!.value;
      } else if (isPlain && terms[0]!.kind === "ref") only.push(terms[0]!.ref);
      else notes.add(rule, `This rule of "${job}" cannot be mapped and is left out`);
      continue;
    }
    positive++;
    if (outcome === "manual") manual++;
    if (outcome === "delayed") notes.add(rule, `"${job}" starts without a delay`);
    if (isTrue(get(rule, "allow_failure"))) result.allowFailure = true;
    if (outcome === "on_failure" || outcome === "always") {
      result.when = { ...result.when, status: outcome === "always" ? "always" : "failure" };
    }
    if (terms.length === 0 && changed.length === 0) {
      always = true;
      break;
    }
    const refs = terms.filter((term) => term.kind === "ref");
    const isFirst = positive === 1;
    for (const term of refs) (term.not ? except : only).push(term.ref);
    const others = terms.filter((term) => term.kind === "env");
    if (!isFirst && (others.length > 0 || changed.length > 0 || refs.length === 0)) {
      const hint = "a stage has one set of conditions, all of which must hold";
      notes.add(rule, `This rule of "${job}" is an alternative that cannot be mapped`, hint);
      continue;
    }
    for (const { name, value } of others) env[name] = value;
    changes.push(...changed);
  }
  if (items.length > 0 && positive === 0) {
    // Rules of which none lets it run.
    if (!items.some((rule) => textOf(get(rule, "when")) !== "never")) result.never = true;
    // It ran under a condition that is gone now: nobody expects it in every run.
    else if (dropped > 0) result.manual = true;
  }
  if (manual > 0 && manual === positive) result.manual = true;
  else if (manual > 0) {
    notes.add(rules, `"${job}" is manual for some rules only: it runs by itself`);
  }
  if (!always || positive === 1) {
    if (only.length > 0 && !always) result.only = [...new Set(only)];
    if (changes.length > 0) result.when = { ...result.when, changes };
    if (Object.keys(env).length > 0) result.when = { ...result.when, env };
  }
  if (except.length > 0) result.except = [...new Set(except)];
  return result;
}

function changesOf(node: TreeNode | undefined): readonly string[] {
  return textsOf(node?.kind === "map" ? get(node, "paths") : node).map(plainGlob);
}

/** Takes variables out of a glob: nobody knows them before the run. */
function plainGlob(glob: string): string {
  return glob.replaceAll(/\$\{?\w+\}?/g, "*");
}

/**
 * Takes a condition apart that is made of terms joined by `&&`, or by `||` where all of them are
 * about the ref.
 *
 * @returns Its terms; `undefined` when it is anything else.
 */
export function parseCondition(text: string): readonly Term[] | undefined {
  const parts = splitTop(text.trim(), "&&");
  const terms: Term[] = [];
  for (const part of parts) {
    const options = splitTop(unwrap(part), "||").map((one) => parseTerm(unwrap(one)));
    if (options.some((one) => one === undefined)) return undefined;
    if (options.length > 1 && !options.every((one) => one!.kind === "ref" && !one!.not)) {
      return undefined;
    }
    terms.push(...options as Term[]);
  }
  // "a" and "b" of two different positive refs can both hold only as a branch with a tag.
  const refs = parts.filter((part) => {
    const term = parseTerm(unwrap(part));
    return term?.kind === "ref" && !term.not;
  });
  return refs.length > 1 ? undefined : terms;
}

function unwrap(text: string): string {
  const trimmed = text.trim();
  return /^\([^()]*\)$/.test(trimmed) ? trimmed.slice(1, -1).trim() : trimmed;
}

function splitTop(text: string, operator: "&&" | "||"): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote !== "") {
      if (character === "\\") at++;
      else if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "/" && /[=!]~\s*$/.test(text.slice(0, at))) quote = "/";
    else if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (depth === 0 && text.startsWith(operator, at)) {
      parts.push(text.slice(from, at));
      from = at + 2;
      at++;
    }
  }
  return [...parts, text.slice(from)];
}

const REF = /^\$(?:CI_COMMIT_BRANCH|CI_COMMIT_REF_NAME|CI_COMMIT_TAG)$/;

function parseTerm(text: string): Term | undefined {
  const bare = /^\$(\w+)$/.exec(text);
  if (bare !== null) {
    if (bare[1] === "CI_COMMIT_TAG") return { kind: "ref", ref: "tags", not: false };
    if (bare[1] === "CI_COMMIT_BRANCH") return { kind: "ref", ref: "branches", not: false };
    return serverOnly(bare[1]!) ? undefined : { kind: "env", name: bare[1]!, value: true };
  }
  const compared = /^(\$\w+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|(\$\w+|null))$/.exec(text);
  if (compared !== null) {
    const [, variable, operator, double, single, word] = compared;
    const not = operator === "!=";
    const name = variable!.slice(1);
    if (word === "null") {
      const term = parseTerm(variable!);
      if (term?.kind === "env") return { ...term, value: not };
      return term === undefined ? undefined : { ...term, not: !not };
    }
    if (REF.test(variable!)) {
      if (word === "$CI_DEFAULT_BRANCH") return { kind: "ref", ref: "/^(main|master)$/", not };
      const value = double ?? single;
      return value === undefined ? undefined : { kind: "ref", ref: escapeGlob(value), not };
    }
    const value = double ?? single;
    if (value === undefined || serverOnly(name) || not) return undefined;
    return { kind: "env", name, value: value === "" ? false : escapeGlob(value) };
  }
  const matched = /^(\$\w+)\s*(=~|!~)\s*(\/.*\/i?)$/.exec(text);
  if (matched !== null && REF.test(matched[1]!)) {
    return { kind: "ref", ref: matched[3]!, not: matched[2] === "!~" };
  }
  return undefined;
}

function serverOnly(name: string): boolean {
  return /^(?:CI_PIPELINE_|CI_MERGE_REQUEST_|CI_EXTERNAL_|CI_OPEN_MERGE)/.test(name);
}

function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]{}\\]/g, "\\$&");
}

/** Reads `only` and `except`. */
export function readOnlyExcept(
  only: TreeNode | undefined,
  except: TreeNode | undefined,
  job: string,
  notes: Notes,
): Conditions {
  const result: Conditions = {};
  const wanted = refsOf(only, "only", job, notes);
  const unwanted = refsOf(except, "except", job, notes);
  if (wanted.refs.length > 0) result.only = wanted.refs;
  if (unwanted.refs.length > 0) result.except = unwanted.refs;
  if (wanted.changes.length > 0) result.when = { ...result.when, changes: wanted.changes };
  if (Object.keys(wanted.env).length > 0) result.when = { ...result.when, env: wanted.env };
  // It ran for what only a server knows, so nobody expects it in every run.
  if (wanted.refs.length === 0 && wanted.dropped > 0) result.manual = true;
  return result;
}

function refsOf(
  node: TreeNode | undefined,
  key: "only" | "except",
  job: string,
  notes: Notes,
): {
  readonly refs: readonly string[];
  readonly changes: readonly string[];
  readonly env: Readonly<Record<string, string | boolean>>;
  readonly dropped: number;
} {
  const refs: string[] = [];
  const env: Record<string, string | boolean> = {};
  let dropped = 0;
  const list = node?.kind === "map" ? get(node, "refs") : node;
  for (const item of scalarsOf(list)) {
    const ref = item.text.replace(/@.*$/, "");
    if (SERVER_REFS.has(ref)) {
      notes.add(item, `"${ref}" in "${key}" of "${job}" is known to a server only`);
      dropped++;
    } else if (item.text.startsWith("/") || !item.text.includes("@")) refs.push(item.text);
    else {
      notes.add(item, `The project in "${item.text}" of "${job}" is left out`);
      refs.push(ref);
    }
  }
  const changes = key === "only" ? changesOf(get(node, "changes")) : [];
  for (const [name, { key: at }] of entriesOf(node)) {
    if (name === "refs" || (name === "changes" && key === "only")) continue;
    if (name === "variables" && key === "only") {
      const items = scalarsOf(get(node, "variables"));
      const terms = items.length === 1 ? parseCondition(items[0]!.text) : undefined;
      if (terms?.every((term) => term.kind === "env")) {
        for (const term of terms) if (term.kind === "env") env[term.name] = term.value;
        continue;
      }
    }
    notes.add(at, `"${key}.${name}" of "${job}" cannot be mapped and is left out`);
  }
  return { refs, changes, env, dropped };
}
