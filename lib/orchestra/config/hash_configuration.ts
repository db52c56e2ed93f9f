/** One file of a configuration. */
interface Listed {
  readonly path: string;
  readonly isLink: boolean;
}

/**
 * Computes what stands for a whole directory of files: the SHA-1 of the listing that `sha1sum`
 * prints for them, sorted by path, byte by byte. Links to files are listed too, with the contents
 * of what they lead to.
 *
 * Permissions: `--allow-read` of the directory.
 *
 * @param directory Absolute path, which is part of the listing.
 * @returns 40 hexadecimal digits.
 */
export async function hashConfiguration(directory: string): Promise<string> {
  const files = await listFiles(directory);
  const lines: string[] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    lines.push(...await Promise.all(files.slice(at, at + AT_ONCE).map(lineOf)));
  }
  return await sha1(new TextEncoder().encode(lines.join("")));
}

/** So many files are open at a time. */
const AT_ONCE = 64;

async function lineOf({ path, isLink }: Listed): Promise<string> {
  try {
    return listingLine(await sha1(await Deno.readFile(path)), path);
  } catch (error) {
    // A dangling link, or one to a directory: the template engine will tell if it matters.
    if (isLink) return "";
    throw error;
  }
}

async function listFiles(directory: string): Promise<readonly Listed[]> {
  const found: Listed[] = [];
  for await (const { name, isFile, isDirectory, isSymlink } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) found.push(...await listFiles(path));
    else if (isFile || isSymlink) found.push({ path, isLink: isSymlink });
  }
  const encoder = new TextEncoder();
  const bytes = new Map(found.map(({ path }) => [path, encoder.encode(path)]));
  return found.sort((a, b) => compareBytes(bytes.get(a.path)!, bytes.get(b.path)!));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** As `sha1sum` prints it, which marks lines with escaped names. */
function listingLine(hash: string, path: string): string {
  const escaped = path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `${escaped === path ? "" : "\\"}${hash}  ${escaped}\n`;
}

async function sha1(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
