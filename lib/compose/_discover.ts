import { ComposeInputError } from "./errors.ts";
import { absolutePath, directoryOf } from "./_paths.ts";
import type { ReadVariable } from "./interpolate.ts";

const NAMES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/** Overrides are looked for under the same names, in this order. */
const OVERRIDES = [
  "compose.override.yaml",
  "compose.override.yml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];

/**
 * Finds the compose files as Compose does: those that were named, those of `COMPOSE_FILE`, or the
 * first `compose.yaml` and its override in this directory or one above.
 *
 * @param sought Takes the paths that were looked at.
 * @returns Absolute paths; `-` is standard input.
 * @throws {ComposeInputError} when there is none.
 */
export async function findComposeFiles(
  given: readonly string[] | undefined,
  cwd: string,
  read: ReadVariable,
  sought?: Set<string>,
): Promise<readonly string[]> {
  const absolute = (path: string) => path === "-" ? path : absolutePath(path, cwd);
  if (given !== undefined && given.length > 0) return given.map(absolute);
  const variable = read("COMPOSE_FILE") ?? "";
  if (variable !== "") {
    const separator = read("COMPOSE_PATH_SEPARATOR") || ":";
    return variable.split(separator).filter((path) => path !== "").map(absolute);
  }
  for (let directory = cwd;; directory = directoryOf(directory)) {
    for (const name of NAMES) {
      const path = `${directory === "/" ? "" : directory}/${name}`;
      if (!await isFile(path, sought)) continue;
      for (const override of OVERRIDES) {
        const beside = `${directory === "/" ? "" : directory}/${override}`;
        if (await isFile(beside, sought)) return [path, beside];
      }
      return [path];
    }
    if (directory === "/") break;
  }
  throw new ComposeInputError(
    `Cannot find a compose file: there is no ${NAMES.map((name) => `"${name}"`).join(", ")} in ` +
      `"${cwd}" or a directory above`,
  );
}

/** Tells whether there is a file; a directory is none. `sought` takes the path. */
export async function isFile(path: string, sought?: Set<string>): Promise<boolean> {
  sought?.add(path);
  return await Deno.stat(path).then((info) => !info.isDirectory, () => false);
}
