import type { Settings, Source, Visibility } from "./model.ts";
import { readRecord } from "./records.ts";

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
