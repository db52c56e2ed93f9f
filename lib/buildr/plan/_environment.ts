import type { Environment, Manifest, MatrixRow } from "../manifest/model.ts";
import type { RunFacts } from "./model.ts";
import { compileGlob } from "./glob.ts";

/** What belongs to the machine of the runner, not to its work. */
const OWN = new Set(
  "PATH HOME HOSTNAME PWD OLDPWD SHLVL _ TMPDIR SHELL USER LOGNAME".split(" "),
);

/** What opens secrets never goes into a container. */
const NEVER = new Set(["BUILDR_AGE_KEY", "BUILDR_AGE_KEY_FILE"]);

/** Where the project is in a container. */
export const PROJECT_DIRECTORY = "/app";

/**
 * Takes from the runner's environment what a manifest wants of it.
 *
 * @param inherit All but a few, nothing, or names and globs; a name that is written out is taken
 * even if it is one of the few.
 * @param env The runner's environment.
 */
export function inherited(
  inherit: Environment["inherit"],
  env: Readonly<Record<string, string>>,
): readonly (readonly [string, string])[] {
  if (inherit === false) return [];
  const entries = Object.entries(env).filter(([name]) => !NEVER.has(name) && name !== "");
  if (inherit === true) return entries.filter(([name]) => !OWN.has(name));
  const globs = inherit.filter((one) => /[*?[{\\]/.test(one)).map(compileGlob);
  return entries.filter(([name]) =>
    inherit.includes(name) || (!OWN.has(name) && globs.some((glob) => glob(name)))
  );
}

/**
 * What `buildr` itself provides and is known before a run.
 *
 * @param stage Name of the stage.
 * @param row Its row.
 * @param manifest The manifest.
 * @param facts Branch, tag and commit.
 */
export function provided(
  stage: string,
  row: MatrixRow | undefined,
  manifest: Manifest,
  facts: RunFacts,
): readonly (readonly [string, string])[] {
  return [
    ["CI", "true"],
    ["BUILDR", "1"],
    ["BUILDR_STAGE", stage],
    ["BUILDR_BRANCH", facts.branch ?? ""],
    ["BUILDR_TAG", facts.tag ?? ""],
    ["BUILDR_COMMIT", facts.commit ?? ""],
    ["BUILDR_PROJECT_DIR", PROJECT_DIRECTORY],
    ["BUILDR_HOST_PROJECT_DIR", manifest.directory],
    ...Object.entries(row ?? {}).map(([name, value]) =>
      [`BUILDR_MATRIX_${name.toUpperCase().replaceAll("-", "_")}`, value] as const
    ),
  ];
}
