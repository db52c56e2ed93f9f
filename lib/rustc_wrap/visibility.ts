import type { Env, Settings, Source, Unit, Visibility } from "./model.ts";
import type { WorkKey } from "./key.ts";
import { readRecord, writeRecord } from "./records.ts";

/**
 * Tells whether others may see a result. Whatever is compiled against something private may have
 * parts of it: a crate of crates.io whose dependency is replaced by one of our own is private too.
 *
 * @param source Its sources.
 * @param settings Which kinds are shared.
 * @param stems The units that it needs; one that nobody knows anything of counts as private.
 * @param words The words for rustc.
 * @returns Who may see it.
 */
export function visibilityOf(
  source: Source,
  settings: Pick<Settings, "share">,
  stems: readonly string[] = [],
  words: readonly string[] = [],
): Visibility {
  // Nobody else may have this processor, and nothing would tell.
  if (words.some((word) => /^(?:-C)?target-cpu=native$/.test(word))) return "private";
  const { kind, visibility } = source;
  const own = settings.share.includes(kind) && (kind !== "registry" || visibility === "public");
  if (!own) return "private";
  return stems.every((stem) => readRecord(stem)?.public === true) ? "public" : "private";
}

/**
 * Tells whether others may see what a call of rustc makes: it may have parts of what it is compiled
 * against, and of what build scripts have written for it.
 *
 * @param unit The call.
 * @param work What it needs.
 * @param source Its sources.
 * @param settings Which kinds are shared.
 * @returns Who may see it.
 */
export function unitVisibility(
  unit: Unit,
  work: Pick<WorkKey, "needed" | "directories" | "env" | "portable">,
  source: Source,
  settings: Pick<Settings, "share">,
): Visibility {
  // What came of a state of this machine's is nobody else's.
  if (unit.incremental !== undefined) return "private";
  const scripts = scriptStems(work.portable.targetDir, work.env, work.directories);
  return visibilityOf(source, settings, [...work.needed.stems, ...scripts], unit.argv);
}

/** Where it is remembered who may see what the build script of a package makes. */
function scriptStem(targetDir: string, name: string): string {
  return `${targetDir}/build/script-${name}`;
}

/**
 * The build scripts that wrote what a unit or another script finds: that of its own package, and
 * those whose directories it is pointed to.
 *
 * @param targetDir Where cargo puts what it makes.
 * @param env Variables of the call.
 * @param directories Directories that it is pointed to.
 * @returns Names for {@linkcode visibilityOf}.
 */
export function scriptStems(
  targetDir: string,
  env: Env,
  directories: readonly string[],
): readonly string[] {
  const names = directories.flatMap((path) =>
    /\/build\/([^/]+)-[0-9a-f]{16}\/out$/.exec(path)?.[1] ?? []
  );
  const own = env["OUT_DIR"] === undefined ? undefined : env["CARGO_PKG_NAME"];
  if (own !== undefined) names.push(own);
  return [...new Set(names)].map((name) => scriptStem(targetDir, name));
}

/** Remembers a build script that was compiled; of several versions, a private one counts. */
export function recordScript(targetDir: string, env: Env, isPublic: boolean): void {
  const stem = scriptStem(targetDir, env["CARGO_PKG_NAME"] ?? "");
  const known = readRecord(stem);
  const stays = isPublic && (known === undefined || known.public === true);
  writeRecord(stem, { deps: [], files: {}, ...(stays ? { public: true } : {}) });
}
