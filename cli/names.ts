/**
 * The names that this program answers to, and the words that each stands for. Scripts that were
 * written for the originals find them under these.
 */
export const NAMES: Readonly<Record<string, readonly string[]>> = {
  superorch: [],
  orc: ["orc"],
  orchestra: ["orc"],
  buildr: ["buildr"],
  rustcbuildx: ["rustc-wrap"],
  "cargo-green": ["cargo"],
  ytt: ["ytt"],
};

const CALLED_AS = "--called-as=";

/**
 * The word that tells the program which name it was called by; links put it first.
 *
 * @param name One of {@linkcode NAMES}.
 * @returns One word.
 */
export function calledAs(name: string): string {
  return `${CALLED_AS}${name}`;
}

/**
 * Turns the words of a call by another name into those of `superorch`.
 *
 * @param args The words, with what {@linkcode calledAs} gives as the first one, or without.
 * @returns The words after `superorch`.
 */
export function resolveName(args: readonly string[]): readonly string[] {
  const [first, ...rest] = args;
  if (first === undefined || !first.startsWith(CALLED_AS)) return args;
  // A link may start what is itself a link; the one that the person has called counts.
  if (rest[0]?.startsWith(CALLED_AS)) return resolveName(rest);
  const name = first.slice(CALLED_AS.length);
  // Cargo runs `cargo-green green build` for `cargo green build`.
  const words = name === "cargo-green" && rest[0] === "green" ? rest.slice(1) : rest;
  return [...(Object.hasOwn(NAMES, name) ? NAMES[name]! : []), ...words];
}

/**
 * Tells by which name this process was started: that of a symbolic link or copy of the bundle, or
 * of the binary.
 *
 * Permissions: `--allow-read=/proc/self/cmdline` in a binary; without it, the path of the binary
 * itself decides.
 *
 * @returns One of {@linkcode NAMES}, `undefined` for every other name and for the program's own.
 */
export function ownName(): string | undefined {
  const { mainModule } = Deno;
  const path = isStandalone() ? calledPath() : mainModule;
  if (path === undefined) return undefined;
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1)
    .replace(/\.exe$/i, "");
  return Object.hasOwn(NAMES, name) && NAMES[name]!.length > 0 ? name : undefined;
}

/** Whether this is a compiled binary. */
export function isStandalone(): boolean {
  return (Deno.build as { standalone?: boolean }).standalone === true;
}

// Deno tells the path of the file, and not the link that it was started through.
function calledPath(): string | undefined {
  try {
    return Deno.readTextFileSync("/proc/self/cmdline").split("\0")[0];
  } catch {
    return Deno.execPath(); // not Linux, or not allowed
  }
}
