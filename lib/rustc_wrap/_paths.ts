/** An absolute path in its shortest form; a relative one is taken from `base`. */
export function joinPath(base: string, path: string): string {
  const whole = path.startsWith("/") ? path : `${base}/${path}`;
  if (!/\/\/|\/\.\.?(?:\/|$)|\/$/.test(whole)) return whole;
  const parts: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Whether a path is a directory or below it. */
export function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

/** Everything before the last slash. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** Everything after the last slash. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
