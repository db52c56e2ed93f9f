import type { Value } from "../starlark/mod.ts";
import { asString, members, onlyArgument } from "./_builtin.ts";
import type { LibraryHooks } from "./hooks.ts";

const NUMBER = "(0|[1-9]\\d*)";
const IDENTIFIER = "(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)";
const SEMVER = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?` +
    "(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$",
);

/** `@ytt:version`. */
export function versionModule(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  return members("version", {
    require_at_least: (_thread, args) => {
      const wanted = asString(onlyArgument(args), hooks);
      const parsed = SEMVER.exec(wanted);
      if (parsed === null) throw new Error(`version string '${wanted}' must be a valid semver`);
      const own = SEMVER.exec(hooks.version);
      if (own !== null && compareVersions(own, parsed) < 0) {
        throw new Error(
          `ytt version '${hooks.version}' does not meet the minimum required version '${wanted}'`,
        );
      }
      return null;
    },
  });
}

/** Orders two versions by the rules of semver. */
function compareVersions(a: readonly string[], b: readonly string[]): number {
  for (let i = 1; i <= 3; i++) {
    const order = compareNumbers(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  if (a[4] === undefined || b[4] === undefined) {
    return Number(a[4] === undefined) - Number(b[4] === undefined);
  }
  const left = a[4].split(".");
  const right = b[4].split(".");
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (x === y) continue;
    const numeric = [x, y].map((part) => /^\d+$/.test(part));
    if (numeric[0] && numeric[1]) return compareNumbers(x, y);
    if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

/** Compares decimal numbers without leading zeros, however long. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
