// The few path operations that this module needs: importing node:path costs 5 ms of start-up.

const isSeparator = (char: string | undefined): boolean =>
  char === "/" || (char === "\\" && Deno.build.os === "windows");

/** Joins a directory and a name; an empty directory means the current one. */
export function joinPath(directory: string, name: string): string {
  return directory === "" || isSeparator(directory.at(-1))
    ? directory + name
    : `${directory}/${name}`;
}

/** Splits off the last component; the directory of a bare name is `"."`. */
export function splitPath(path: string): { readonly directory: string; readonly name: string } {
  let start = path.length;
  while (start > 0 && !isSeparator(path[start - 1])) start--;
  const name = path.slice(start);
  let end = start;
  while (end > 1 && isSeparator(path[end - 1])) end--;
  const directory = path.slice(0, end);
  // "C:\x" splits into "C:\" and "x": "C:" alone would be that drive's current directory.
  if (/^[A-Za-z]:$/.test(directory) && start > end) return { directory: `${directory}\\`, name };
  return { directory: directory === "" ? "." : directory, name };
}

/** Whether a path starts at a root. */
export function isAbsolutePath(path: string): boolean {
  return isSeparator(path[0]) || (Deno.build.os === "windows" && /^[A-Za-z]:/.test(path));
}

/** Whether a text has more than one component. */
export function hasSeparator(text: string): boolean {
  return [...text].some(isSeparator);
}
