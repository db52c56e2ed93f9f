/**
 * Hashes what a path leads to as it would be copied: names, modes, links and bytes, and neither
 * times nor owners, which do not travel.
 *
 * @param path A file or directory of this machine.
 * @returns 64 hexadecimal digits; `missing` for nothing, which is told when it is copied.
 */
export async function contentDigest(path: string): Promise<string> {
  try {
    return await digestOf(path, await Deno.stat(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "missing";
    throw error;
  }
}

async function digestOf(path: string, info: Deno.FileInfo): Promise<string> {
  const mode = (info.mode ?? 0) & 0o7777;
  if (info.isSymlink) return `link ${await Deno.readLink(path)}`;
  if (info.isFile) return `file ${mode} ${await fileDigest(path)}`;
  if (!info.isDirectory) return "neither"; // sockets and devices are not copied
  const names: string[] = [];
  for await (const { name } of Deno.readDir(path)) names.push(name);
  const lines: string[] = [];
  for (const name of names.toSorted()) {
    const inner = `${path}/${name}`;
    lines.push(JSON.stringify([name, await digestOf(inner, await Deno.lstat(inner))]));
  }
  return `directory ${mode} ${await textDigest(lines.join("\n"))}`;
}

async function textDigest(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}

// In pieces: what is copied can be a program of 100 MB, or more than the memory.
async function fileDigest(path: string): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(256 * 1024);
  for (let bytes = await file.read(buffer); bytes !== null; bytes = await file.read(buffer)) {
    hash.update(buffer.subarray(0, bytes));
  }
  return hash.digest("hex");
}
