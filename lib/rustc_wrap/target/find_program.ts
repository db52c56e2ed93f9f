/**
 * Finds a program as a shell would.
 *
 * @param name Its name, or a path.
 * @param searchPath Value of `PATH`.
 * @returns Its absolute path; `undefined` when there is no such program.
 */
export function findProgram(name: string, searchPath: string): string | undefined {
  if (name.startsWith("/")) return isProgram(name) ? name : undefined;
  if (name.includes("/")) return undefined;
  return searchPath.split(":").filter((directory) => directory.startsWith("/"))
    .map((directory) => `${directory.replace(/\/+$/, "")}/${name}`).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0o111) & 0o111) !== 0;
  } catch {
    return false;
  }
}
