import { ComposeInputError } from "./errors.ts";
import type { Reader } from "./_reader.ts";
import { child, isNull, type MapNode } from "../yaml_tree/mod.ts";

const RULE = 'it must have small letters, digits, "-" and "_", the first one a letter or digit';

/** Checks a name that was not written in a file. */
export function requireProjectName(name: string, from: string): string {
  if (isProjectName(name)) return name;
  throw new ComposeInputError(`Cannot use project name "${name}" from ${from}: ${RULE}`);
}

/** Gets the name that a file gives the project. */
export function nameInFile(tree: MapNode, reader: Reader): string | undefined {
  const node = child(tree, "name");
  if (node === undefined || isNull(node)) return undefined;
  if (node.kind === "scalar" && isProjectName(node.text)) return node.text;
  return reader.wrong(node, "name", "a project name", RULE);
}

/** Makes a name from that of a directory, as Compose does. */
export function nameOfDirectory(directory: string): string {
  const base = directory.slice(directory.lastIndexOf("/") + 1);
  const name = base.toLowerCase().replaceAll(/[^-_a-z0-9]/g, "").replace(/^[-_]+/, "");
  if (name !== "") return name;
  throw new ComposeInputError(
    `Cannot make a project name from directory "${directory}": give one with "name:" or -p`,
  );
}

function isProjectName(name: string): boolean {
  return /^[a-z0-9][-_a-z0-9]*$/.test(name);
}
