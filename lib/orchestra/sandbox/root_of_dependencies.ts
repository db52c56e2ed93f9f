import { closureOfBuild } from "./declared.ts";
import { isMissing } from "../installed/complete_transaction.ts";
import { readIndex } from "../installed/file_index.ts";
import { SANDBOX_DIRECTORY } from "../installed/metadata.ts";
import { readInstalled } from "../installed/read_installed.ts";
import type { BuildTarget, Configuration } from "../model.ts";
import { joinPath, parentPath } from "../_path.ts";

/**
 * Makes a root that has only what a build says that it needs: the files of its dependencies and of
 * what those need to run. They are hard links; whoever gets the directory must not be able to write
 * to it.
 *
 * @param configuration The dependencies, and the root.
 * @param target The build.
 * @returns The directory.
 */
export async function rootOfDependencies(
  configuration: Configuration,
  target: BuildTarget,
): Promise<string> {
  const root = configuration.paths.orchestraRoot;
  const installed = await readInstalled(root);
  const directory = joinPath(root, `${SANDBOX_DIRECTORY}/${crypto.randomUUID()}`);
  await Deno.mkdir(joinPath(directory, "lib64"), { recursive: true });
  await Deno.symlink("lib64", joinPath(directory, "lib"));
  const made = new Set<string>();
  for (const component of closureOfBuild(configuration, installed, target)) {
    for (const path of await readIndex(root, component) ?? []) {
      const place = joinPath(directory, path);
      const parent = parentPath(place);
      if (!made.has(parent)) await Deno.mkdir(parent, { recursive: true });
      made.add(parent);
      await linkOrCopy(joinPath(root, path), place);
    }
  }
  return directory;
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    const { isSymlink } = await Deno.lstat(from);
    if (isSymlink) await Deno.symlink(await Deno.readLink(from), to);
    else await Deno.link(from, to);
  } catch (error) {
    if (isMissing(error) || error instanceof Deno.errors.AlreadyExists) return;
    const code = (error as { code?: unknown }).code;
    // File systems without hard links, and files of others where these are protected.
    if (code !== "EPERM" && code !== "EMLINK" && code !== "ENOTSUP") throw error;
    await Deno.copyFile(from, to);
  }
}
