import type { BuildTarget, Configuration, EnvironmentEntry } from "../model.ts";
import { buildDirectory, tmpRoot } from "../actions/directories.ts";
import { sourceDirectory } from "../actions/sources.ts";

/** What an environment is for. */
export interface EnvironmentOptions {
  /** The build that `SOURCE_DIR`, `BUILD_DIR` and `TMP_ROOT` are about. Default: none of them. */
  readonly target?: BuildTarget;
  /** Whether it is for an install script, which has `DESTDIR` too. Default `false`. */
  readonly install?: boolean;
  /** Whether install scripts run tests. Default `false`. */
  readonly runTests?: boolean;
}

/** Room for a path of any length; post-install puts one relative to the file in its place. */
const RPATH_PLACEHOLDER = `${"/".repeat(48)}$ORCHESTRA_ROOT`;

/**
 * Makes the environment of a script: what orchestra itself says, the `environment` of the
 * configuration, `PATH`, and what belongs to the build. A variable that is set twice keeps its
 * first place and gets its last value.
 *
 * Permissions: those of {@linkcode buildDirectory}.
 *
 * @param configuration Where things are, and what the user wants.
 * @param options What it is for.
 * @returns Entries in order; values are for bash, inside double quotes.
 */
export function buildEnvironment(
  configuration: Configuration,
  options: EnvironmentOptions = {},
): readonly EnvironmentEntry[] {
  const { target, install = false, runTests = false } = options;
  const { paths } = configuration;
  const entries = new Map<string, EnvironmentEntry>();
  const set = (name: string, value: string) => entries.set(name, { kind: "set", name, value });
  set("ORCHESTRA_DOTDIR", quoted(paths.dotdir));
  set("ORCHESTRA_ROOT", quoted(paths.orchestraRoot));
  set("SOURCE_ARCHIVES", quoted(paths.sourceArchives));
  set("BINARY_ARCHIVES", quoted(paths.binaryArchives));
  set("SOURCES_DIR", quoted(paths.sourcesDir));
  set("BUILDS_DIR", quoted(paths.buildsDir));
  set("TMP_ROOTS", quoted(paths.tmpRoots));
  set("RPATH_PLACEHOLDER", RPATH_PLACEHOLDER);
  set("GIT_ASKPASS", "/bin/true");
  for (const entry of configuration.environment) {
    entries.set(entry.kind === "set" ? entry.name : `-${entry.name}`, entry);
  }
  set("PATH", pathValue(configuration));
  if (target !== undefined) {
    set("SOURCE_DIR", quoted(sourceDirectory(configuration, target.component)));
    set("BUILD_DIR", quoted(buildDirectory(configuration, target)));
    set("TMP_ROOT", quoted(tmpRoot(configuration, target)));
    if (install) set("DESTDIR", quoted(tmpRoot(configuration, target)));
  }
  set("RUN_TESTS", runTests ? "1" : "0");
  return [...entries.values()];
}

function pathValue({ addToPath, components }: Configuration): string {
  const all = [...addToPath, ...[...components.values()].flatMap((one) => one.addToPath)];
  // An empty part of PATH is the current directory, which nobody has asked for.
  return all.length === 0 ? "${PATH:+${PATH}}" : `${all.join(":")}\${PATH:+:\${PATH}}`;
}

/** A text as bash is given it inside double quotes, so that it stays what it is. */
function quoted(text: string): string {
  return text.replace(/[\\"$`]/g, "\\$&");
}
