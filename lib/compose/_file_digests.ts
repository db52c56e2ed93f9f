import type { NodeSpec } from "../containers/mod.ts";

/** Part of a container's hash, so that it is made again when a file that is copied into it changes. */
const FILES_LABEL = "org.superorch.files";

/**
 * Notes in each container what is in the configs and secrets that will be copied into it.
 *
 * Permissions: `--allow-read` of the files.
 *
 * @param specs Containers and commands.
 * @returns The same, with a label more for those that have such files.
 */
export async function withFileDigests(specs: readonly NodeSpec[]): Promise<readonly NodeSpec[]> {
  const digests = new Map<string, Promise<string>>();
  return await Promise.all(specs.map(async (spec) => {
    if (spec.kind === "command") return spec;
    const paths = (spec.files ?? []).flatMap((file) => "source" in file ? [file.source] : []);
    if (paths.length === 0) return spec;
    const texts = await Promise.all(paths.map((path) => {
      const known = digests.get(path) ?? digestOf(path);
      digests.set(path, known);
      return known;
    }));
    return { ...spec, labels: { ...spec.labels, [FILES_LABEL]: texts.join(",") } };
  }));
}

async function digestOf(path: string): Promise<string> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await Deno.readFile(path);
  } catch {
    return "?"; // a directory, or missing, which is told when it is copied
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 16);
}
