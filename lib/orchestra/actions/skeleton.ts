import { joinPath } from "../_path.ts";

const DIRECTORIES: readonly string[] = [
  "include",
  "lib64/include",
  "lib64/pkgconfig",
  "bin",
  "usr/lib",
  "usr/include",
  "share/info",
  "share/doc",
  "share/man",
  "share/orchestra",
  "libexec",
];

/**
 * Makes the directories that every install script may count on, and `lib`, which is `lib64`.
 *
 * @param root A directory that will look as the root; it is made.
 */
export async function makeSkeleton(root: string): Promise<void> {
  for (const directory of DIRECTORIES) {
    await Deno.mkdir(joinPath(root, directory), { recursive: true });
  }
  await Deno.symlink("lib64", joinPath(root, "lib"));
  // install-info wants it to be there.
  await Deno.writeTextFile(joinPath(root, "share/info/dir"), "");
}
