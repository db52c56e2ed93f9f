/**
 * Makes a pkg-config file independent of where the root is: the root becomes
 * `${pcfiledir}/../..`, and what follows it keeps its one slash.
 *
 * @param text The file.
 * @param root The root, absolute.
 * @returns The file with relative paths.
 */
export function relocatePkgConfig(text: string, root: string): string {
  // RPATH_PLACEHOLDER counts too: a row of slashes before the root. "/opt/root2" is another path.
  const pattern = new RegExp(`/*${escapeRegExp(root)}(?![\\w+@~-]|\\.\\w)(/*)`, "g");
  return text.replace(pattern, (found, slashes: string, offset: number, whole: string) => {
    // The end of "/mnt/opt/root", which is not the root; "-I/opt/root" has no slash before.
    if (/\/[\w.+@~-]+$/.test(whole.slice(Math.max(0, offset - 256), offset))) return found;
    return `\${pcfiledir}/../..${slashes === "" ? "" : "/"}`;
  });
}

/**
 * Has a script look for its interpreter in `PATH`: `#!ROOT/bin/X …` becomes `#!/usr/bin/env X …`.
 *
 * @param text The script, one character for each byte or not.
 * @param root The root, absolute.
 * @returns The script; the same text when its first line is another.
 */
export function relocateShebang(text: string, root: string): string {
  const prefix = `#!${root}/bin/`;
  const rest = text.replace(/^#![ \t]+\//, "#!/");
  if (!rest.startsWith(prefix)) return text;
  return `#!/usr/bin/env ${rest.slice(prefix.length)}`;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
