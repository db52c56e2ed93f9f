/** The strict subset: a plain scalar may only be what YAML 1.2 would read it as too. */
import { YamlError } from "./error.ts";
import type { Resolved } from "./resolve.ts";

/** A scalar that `--strict` refuses. */
export class StrictError extends YamlError {}

/** Why `text` is ambiguous, or `undefined` when it is not. */
export function strictProblem(text: string, found: Resolved): string | undefined {
  const plain = found.tag === "bool"
    ? text === "true" || text === "false"
    : found.tag === "null"
    ? text === "" || text === "~" || text === "null"
    : found.tag === "int"
    ? /^-?(0|[1-9][0-9]*)$/.test(text)
    : found.tag === "float"
    ? /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/.test(text)
    : false;
  if (plain) return undefined;
  return `Strict parsing: Found '${text}' ambiguous (could be !!str or !!${found.tag})`;
}
