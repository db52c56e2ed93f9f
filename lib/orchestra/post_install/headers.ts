/** What headers are made to believe. */
export interface HeaderFacts {
  /** Whether assertions are off. */
  readonly ndebug: boolean;
  /** Whether the address sanitizer is on. */
  readonly asan: boolean;
}

/** How sanitizers are asked for: by clang's feature test and by the macro of gcc. */
const ASAN =
  "(?:__has_feature\\s*\\(\\s*address_sanitizer\\s*\\)|defined\\s*\\(\\s*__SANITIZE_ADDRESS__\\s*\\))";

/**
 * Decides in a header what depends on how the component was built, so that those who include it see
 * the same types: conditions on `NDEBUG` and on the address sanitizer become `0` or `1`.
 *
 * `#ifdef NDEBUG`, `#ifndef NDEBUG`, and, in `#if` and `#elif`, `defined(NDEBUG)` and
 * `defined NDEBUG` with or without `!`; the same for `__has_feature(address_sanitizer)` and
 * `defined(__SANITIZE_ADDRESS__)`. Names that only begin so, as `NDEBUG_LEVEL`, stay.
 *
 * @param text The header, one character for each byte or not.
 * @param facts How the component was built.
 * @returns The header; the same text when nothing is to be decided.
 */
export function decideHeader(text: string, facts: HeaderFacts): string {
  if (!/NDEBUG|address_sanitizer|__SANITIZE_ADDRESS__/.test(text)) return text;
  const value = (condition: boolean) => condition ? "1" : "0";
  const { ndebug, asan } = facts;
  return text.split("\n").map((line) => {
    const directive = /^\s*#\s*(ifdef|ifndef|if|elif)\b/.exec(line)?.[1];
    if (directive === "ifdef" || directive === "ifndef") {
      const isTrue = directive === "ifdef";
      return line
        .replace(
          /^(\s*#\s*)ifn?def\s+NDEBUG\b/,
          (_, start) => `${start}if ${value(ndebug === isTrue)}`,
        )
        .replace(
          /^(\s*#\s*)ifn?def\s+__SANITIZE_ADDRESS__\b/,
          (_, start) => `${start}if ${value(asan === isTrue)}`,
        );
    }
    if (directive === undefined) return line;
    const decide = (what: string, fact: boolean, input: string) =>
      input.replace(
        new RegExp(`(!\\s*)?${what}`, "g"),
        (_, not: string | undefined) => value(fact === (not === undefined)),
      );
    const decided = decide("\\bdefined\\s*(?:\\(\\s*NDEBUG\\s*\\)|NDEBUG\\b)", ndebug, line);
    return decide(ASAN, asan, decided);
  }).join("\n");
}
