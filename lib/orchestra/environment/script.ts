import type { EnvironmentEntry } from "../model.ts";

/** What every script starts with: it ends where something goes wrong. */
export const STRICT_MODE = "set -o errexit\nset -o nounset\nset -o pipefail\n";

/**
 * Writes an environment as lines of bash: `export NAME="value"` and `unset -v NAME`.
 *
 * @param environment Entries in order.
 * @returns Lines, each with its newline.
 */
export function exportLines(environment: readonly EnvironmentEntry[]): string {
  return environment.map((entry) =>
    entry.kind === "set" ? `export ${entry.name}="${entry.value}"\n` : `unset -v ${entry.name}\n`
  ).join("");
}

/**
 * Puts what `bash -c` needs in front of a script: strict mode and its environment.
 *
 * @param script Bash.
 * @param environment Entries in order.
 * @returns The whole script.
 */
export function withEnvironment(
  script: string,
  environment: readonly EnvironmentEntry[],
): string {
  return `${STRICT_MODE}${exportLines(environment)}${script}`;
}
