/** What re2js exports. */
export type Regexps = typeof import("../../deps/re2js.ts");
/** What smol-toml exports. */
export type Toml = typeof import("../../deps/smol_toml.ts");

let regexps: Regexps | undefined;
let toml: Toml | undefined;

/**
 * Loads the packages behind `@ytt:regexp` and `@ytt:toml`, if one of the texts mentions them.
 * Templates run synchronously, so this must happen before.
 */
export async function preload(texts: Iterable<string>): Promise<void> {
  let wantsRegexp = false;
  let wantsToml = false;
  for (const text of texts) {
    wantsRegexp ||= text.includes("@ytt:regexp");
    wantsToml ||= text.includes("@ytt:toml");
  }
  if (wantsRegexp) regexps ??= await import("../../deps/re2js.ts");
  if (wantsToml) toml ??= await import("../../deps/smol_toml.ts");
}

/** RE2JS, once it is loaded. */
export function loadedRegexps(): Regexps {
  if (regexps === undefined) throw new Error("Cannot use @ytt:regexp before preload()");
  return regexps;
}

/** smol-toml, once it is loaded. */
export function loadedToml(): Toml {
  if (toml === undefined) throw new Error("Cannot use @ytt:toml before preload()");
  return toml;
}
