import { isInside, joinPath } from "../_path.ts";
import { BrokenMetadataError, indexFile } from "./metadata.ts";

/**
 * Reads which files a component has installed.
 *
 * @param root The root.
 * @param component Name of the component.
 * @returns Paths relative to the root, in the order of the index; `undefined` without an index.
 * @throws {BrokenMetadataError} when a line leads out of the root, or the file is not UTF-8.
 */
export async function readIndex(
  root: string,
  component: string,
): Promise<readonly string[] | undefined> {
  const path = joinPath(root, indexFile(component));
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    const problem = error instanceof Error ? error.message : String(error);
    throw new BrokenMetadataError(path, `cannot be read (${problem})`);
  }
  return parseIndex(decodePaths(bytes, path), path);
}

/**
 * Takes an index apart.
 *
 * @param text Content of the file: one path per line.
 * @param path The file, for the error.
 * @returns The paths.
 * @throws {BrokenMetadataError} when a line leads out of the root.
 */
export function parseIndex(text: string, path: string): readonly string[] {
  const lines = text.split("\n").filter((line) => line !== "");
  const wrong = lines.find((line) => !isInside(line));
  if (wrong !== undefined) {
    // Uninstalling deletes what is listed: nobody's home directory may be.
    throw new BrokenMetadataError(path, `lists ${JSON.stringify(wrong)}, which is not in the root`);
  }
  return lines;
}

/**
 * Writes an index.
 *
 * @param files Paths relative to the root.
 * @returns One path per line.
 */
export function formatIndex(files: readonly string[]): string {
  return files.map((file) => `${file}\n`).join("");
}

function decodePaths(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new BrokenMetadataError(path, "is not UTF-8");
  }
}
