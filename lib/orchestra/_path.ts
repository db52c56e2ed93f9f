// The few path operations that the executing half needs: node:path costs 5 ms of start-up.

/** Joins a directory and a path below it. */
export function joinPath(directory: string, path: string): string {
  if (path === "" || path === ".") return directory;
  return directory === ""
    ? path
    : directory.endsWith("/")
    ? directory + path
    : `${directory}/${path}`;
}

/** The directory of a relative path; empty for one without a slash. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? path.slice(0, Math.max(slash, 0)) : path.slice(0, slash);
}

/** The last component of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The way from a directory to a path, both relative to the same directory. */
export function relativePath(fromDirectory: string, to: string): string {
  const from = fromDirectory.split("/").filter((part) => part !== "");
  const target = to.split("/").filter((part) => part !== "");
  let same = 0;
  while (same < from.length && same < target.length && from[same] === target[same]) same++;
  return [...from.slice(same).map(() => ".."), ...target.slice(same)].join("/") || ".";
}

/** Whether a path stays below the directory that it is relative to. */
export function isInside(path: string): boolean {
  return path !== "" && !path.startsWith("/") && !path.includes("\0") &&
    path.split("/").every((part) => part !== ".." && part !== "." && part !== "");
}
