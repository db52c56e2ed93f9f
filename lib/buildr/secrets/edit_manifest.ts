import { Diagnostics, SourceText } from "../../diagnostics/mod.ts";
import { isNull, type MapNode, parseYaml, plainValue, type TreeNode } from "../../yaml_tree/mod.ts";
import { BuildrInputError } from "../input_error.ts";

/** What is written for a secret. */
export interface SecretText {
  /** Its ciphertext, on one line. */
  readonly age: string;
  /** Whether the variable holds the path of a file; only for one that is new. */
  readonly as?: "variable" | "file";
}

/**
 * Writes ciphertexts into the text of a manifest: the old one is replaced, a new one stands at the
 * end of `secrets`. Everything else stays as it is, to the byte: comments, quotes, order, line ends.
 *
 * @param text The text of a manifest of version 2 without mistakes.
 * @param changes Ciphertexts by name.
 * @returns The new text.
 * @throws {BuildrInputError} when the text is written in a way that cannot be changed in place.
 */
export async function setSecretTexts(
  text: string,
  changes: ReadonlyMap<string, SecretText>,
): Promise<string> {
  let result = text;
  for (const [name, change] of changes) result = await setOne(result, name, change);
  return result;
}

async function setOne(text: string, name: string, change: SecretText): Promise<string> {
  const root = await rootOf(text);
  const result = splice(text, root, name, change);
  const wanted = plainValue(root) as Record<string, unknown>;
  const secrets = { ...wanted["secrets"] as Record<string, Record<string, unknown>> | null };
  const before = Object.hasOwn(secrets, name) ? secrets[name] : newEntry(change);
  wanted["secrets"] = { ...secrets, [name]: { ...before, age: change.age } };
  const made = plainValue(await rootOf(result));
  if (sorted(made) !== sorted(wanted)) throw cannot(name);
  return result;
}

function newEntry({ as }: SecretText): Record<string, unknown> {
  return as === "file" ? { as } : {};
}

function cannot(name: string): BuildrInputError {
  return new BuildrInputError(
    `Cannot write secret "${name}" into the manifest: "secrets" is written in a way that cannot ` +
      `be changed in place; make it a plain mapping`,
  );
}

async function rootOf(text: string): Promise<MapNode> {
  const diagnostics = new Diagnostics();
  const documents = await parseYaml(new SourceText("manifest", text), diagnostics);
  const [root] = documents ?? [];
  if (root?.kind !== "map" || diagnostics.errors.length > 0) {
    throw new BuildrInputError("Cannot change the manifest: it has mistakes");
  }
  return root;
}

// The order of names is no part of the meaning.
function sorted(value: unknown): string {
  return JSON.stringify(
    value,
    (_, one) =>
      typeof one === "object" && one !== null && !Array.isArray(one)
        ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => a < b ? -1 : 1))
        : one,
  );
}

function splice(text: string, root: MapNode, name: string, change: SecretText): string {
  const eol = /\r\n/.test(text) ? "\r\n" : "\n";
  const entry = `{ age: ${change.age}${change.as === "file" ? ", as: file" : ""} }`;
  const secrets = root.entries.get("secrets");
  if (secrets === undefined) return addSection(text, root, name, entry, eol);
  const { key, value } = secrets;
  if (isNull(value)) {
    const end = value.range.end > key.range.end ? value.range.end : afterColon(text, key.range.end);
    const shown = value.range.end > key.range.end ? text.slice(value.range.start, end) : "";
    if (shown !== "") {
      return text.slice(0, value.range.start) + `{ ${name}: ${entry} }` + text.slice(end);
    }
    const at = lineEnd(text, end);
    return `${text.slice(0, at)}${eol}  ${name}: ${entry}${text.slice(at)}`;
  }
  if (value.kind !== "map") throw cannot(name);
  const known = value.entries.get(name)?.value;
  const age = known?.kind === "map" ? known.entries.get("age")?.value : undefined;
  if (age?.kind === "scalar") return replaceScalar(text, age, change.age);
  if (known !== undefined) throw cannot(name);
  return addEntry(text, value, name, entry, eol);
}

function replaceScalar(text: string, node: TreeNode, value: string): string {
  const { start, end } = node.range;
  const quote = /["']/.test(text[start]!) && text[end - 1] === text[start] ? text[start]! : "";
  if (quote !== "") return text.slice(0, start) + quote + value + quote + text.slice(end);
  // In front of a block stands its header: "age: |-".
  const header = /[ \t]([|>][-+\d]*[ \t]*(?:#[^\r\n]*)?\r?\n[ \t]*)$/.exec(text.slice(0, start));
  if (header === null) return text.slice(0, start) + value + text.slice(end);
  const from = start - header[1]!.length;
  const trailing = /(?:[ \t]*\r?\n)+$/.exec(text.slice(start, end))?.[0] ?? "";
  return text.slice(0, from) + value + trailing + text.slice(end);
}

function addEntry(text: string, map: MapNode, name: string, entry: string, eol: string): string {
  const last = [...map.entries.values()].at(-1);
  if (text[map.range.start] === "{") {
    const at = last === undefined ? map.range.start + 1 : endOf(text, last.value);
    if (last === undefined) {
      const close = closing(text, at, "}");
      return `${text.slice(0, at)} ${name}: ${entry} ${text.slice(close)}`;
    }
    return `${text.slice(0, at)}, ${name}: ${entry}${text.slice(at)}`;
  }
  if (last === undefined) throw cannot(name);
  const first = map.entries.values().next().value!.key.range.start;
  const indent = text.slice(text.lastIndexOf("\n", first - 1) + 1, first);
  if (!/^[ ]+$/.test(indent)) throw cannot(name);
  const at = lineEnd(text, Math.max(endOf(text, last.value), last.key.range.end));
  return `${text.slice(0, at)}${eol}${indent}${name}: ${entry}${text.slice(at)}`;
}

function addSection(
  text: string,
  root: MapNode,
  name: string,
  entry: string,
  eol: string,
): string {
  if (text[root.range.start] === "{") {
    return addEntry(text, root, "secrets", `{ ${name}: ${entry} }`, eol);
  }
  const section = `secrets:${eol}  ${name}: ${entry}`;
  const recipients = root.entries.get("recipients");
  if (recipients === undefined) {
    const end = text === "" || text.endsWith("\n") ? "" : eol;
    return `${text}${end}${section}${eol}`;
  }
  const at = lineEnd(text, Math.max(endOf(text, recipients.value), recipients.key.range.end));
  return `${text.slice(0, at)}${eol}${section}${text.slice(at)}`;
}

/** Offset after a node; collections in braces end with their brace. */
function endOf(text: string, node: TreeNode): number {
  if (node.kind === "scalar") {
    const shown = text.slice(node.range.start, node.range.end);
    return node.range.end - (/\s*$/.exec(shown)?.[0].length ?? 0);
  }
  const children = node.kind === "list"
    ? node.items
    : [...node.entries.values()].map(({ value }) => value);
  const last = children.at(-1);
  const inside = last === undefined ? node.range.start + 1 : endOf(text, last);
  const open = text[node.range.start];
  if (open !== "{" && open !== "[") return inside;
  return closing(text, inside, open === "{" ? "}" : "]") + 1;
}

function closing(text: string, from: number, bracket: string): number {
  let at = from;
  while (at < text.length && text[at] !== bracket) {
    if (text[at] === "#") at = lineEnd(text, at);
    at++;
  }
  return at;
}

function afterColon(text: string, from: number): number {
  return text.indexOf(":", from) + 1;
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf("\n", from);
  if (at === -1) return text.length;
  return text[at - 1] === "\r" ? at - 1 : at;
}
