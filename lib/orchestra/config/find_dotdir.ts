import { OrchestraError } from "../errors.ts";

/** Where {@linkcode findDotdir} looks. */
export interface FindDotdirOptions {
  /** The directory where the search starts. */
  readonly start: string;
  /** Reads environment variables. Default: none is set. */
  readonly env?: (name: string) => string | undefined;
}

/**
 * Finds the directory `.orchestra`: the one that `ORCHESTRA_DOTDIR` names, which is not looked at,
 * or else the nearest one from `start` upwards.
 *
 * Permissions: `--allow-read` of `start` and the directories above.
 *
 * @returns Absolute path.
 * @throws {OrchestraError} when there is none.
 */
export async function findDotdir(options: FindDotdirOptions): Promise<string> {
  const named = options.env?.("ORCHESTRA_DOTDIR");
  const start = await Deno.realPath(options.start).catch(() => undefined);
  if (named !== undefined && named !== "") {
    return named.startsWith("/") ? named.replace(/(?<=.)\/+$/, "") : `${start}/${named}`;
  }
  for (let at = start ?? "/"; at !== "/"; at = at.slice(0, at.lastIndexOf("/")) || "/") {
    const candidate = `${at}/.orchestra`;
    if (await isDirectory(candidate)) return candidate;
  }
  throw new OrchestraError("Directory .orchestra not found!");
}

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}
