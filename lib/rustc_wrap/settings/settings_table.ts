import { SETTINGS } from "./table.ts";

/**
 * Writes the table of all settings as Markdown: what the documentation shows.
 *
 * @returns Lines of a table.
 */
export function settingsTable(): string {
  const rows = SETTINGS.map(({ key, names, envOnly, fallback, fallbackText, choices, meaning }) => [
    names.map((name) => `\`${name}\``).join(" "),
    envOnly === true ? "" : `\`${key}\``,
    fallbackText ?? (fallback === "" ? "" : `\`${fallback}\``),
    `${meaning}${choices === undefined ? "" : `: ${choices.map((c) => `\`${c}\``).join(", ")}`}`,
  ]);
  return [["Variables", "In TOML", "Default", "Meaning"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}
