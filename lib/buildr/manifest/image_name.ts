import { parseReference } from "../../registry/mod.ts";

/**
 * Gives an image's name the tag that it means.
 *
 * @param name As written: `ubuntu`, `host:5000/tool`, `tool@sha256:…`.
 * @returns The same name, with `:latest` where it has neither tag nor digest.
 * @throws {TypeError} when it is no name of an image.
 */
export function withTag(name: string): string {
  const { tag, digest } = parseReference(name);
  return tag === undefined && digest === undefined ? `${name}:latest` : name;
}
