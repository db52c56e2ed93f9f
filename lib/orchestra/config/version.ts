/** The version of the original whose configurations and roots are understood. */
export const ORCHESTRA_VERSION = "3.2.0";

/**
 * Compares versions as Python does for what people write here: numbers by parts, missing parts are
 * 0, and a pre-release (`3.0rc1`, `3.0.dev2`) comes before its release.
 *
 * @returns Negative when `a` is older, 0 when both are the same, `undefined` for no version.
 */
export function compareVersions(a: string, b: string): number | undefined {
  const [left, right] = [parse(a), parse(b)];
  if (left === undefined || right === undefined) return undefined;
  const length = Math.max(left.parts.length, right.parts.length);
  for (let i = 0; i < length; i++) {
    const difference = (left.parts[i] ?? 0) - (right.parts[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.stage - right.stage || left.number - right.number;
}

const STAGES: readonly RegExp[] = [/^dev$/, /^(?:a|alpha)$/, /^(?:b|beta)$/, /^(?:rc|c|pre)$/];

function parse(text: string) {
  const match = /^v?(\d+(?:\.\d+)*)(?:[._-]?(dev|alpha|beta|a|b|rc|c|pre|post|r)[._-]?(\d*))?$/i
    .exec(text.trim());
  if (match === null) return undefined;
  const word = match[2]?.toLowerCase();
  const early = word === undefined ? -1 : STAGES.findIndex((stage) => stage.test(word));
  const stage = word === undefined ? 0 : early < 0 ? 1 : early - STAGES.length;
  return { parts: match[1]!.split(".").map(Number), stage, number: Number(match[3] || 0) };
}
