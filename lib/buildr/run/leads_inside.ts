/**
 * Tells whether a path of a project is in that project also when its links are followed. A stage
 * can leave links to anywhere, and what follows them on this machine would read or write there.
 *
 * Permissions: `--allow-read` of the directory.
 *
 * @param directory The project.
 * @param path Path below it; what it names itself may be a link, or not be there.
 */
export async function leadsInside(directory: string, path: string): Promise<boolean> {
  const root = await Deno.realPath(directory);
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return false;
  for (let depth = parts.length - 1; depth > 0; depth--) {
    const real = await realPathIfThere(`${directory}/${parts.slice(0, depth).join("/")}`);
    if (real !== undefined) return real === root || real.startsWith(`${root}/`);
  }
  return true;
}

async function realPathIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    // A link to nowhere is no way out either: nothing can be made behind it.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
