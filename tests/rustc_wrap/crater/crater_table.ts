import type { CraterRecord } from "./build_pair.ts";

/** What a table says about the whole run. */
export interface CraterRun {
  /** What was built with: versions, the release of Debian. */
  readonly made: readonly string[];
  /** The command that makes the table again. */
  readonly command: string;
  /** Wanted crates that could not be tried, with the reason. */
  readonly untried: readonly { readonly crate: string; readonly reason: string }[];
}

/** How a crate came out. */
export type Verdict = "same" | "fails in both" | "differs";

/** How a crate came out. */
export function verdictOf({ differences, plain }: CraterRecord): Verdict {
  if (differences.length > 0) return "differs";
  return plain.code === 0 ? "same" : "fails in both";
}

/**
 * Writes the table as Markdown: what differs first, then by name.
 *
 * @param records One for each crate.
 * @param run What is said about all of them.
 * @returns The text.
 */
export function craterTable(records: readonly CraterRecord[], run: CraterRun): string {
  const sorted = records.toSorted((a, b) =>
    Number(verdictOf(b) === "differs") - Number(verdictOf(a) === "differs") ||
    (a.version < b.version ? -1 : 1)
  );
  const rows = sorted.map((record) => {
    const verdict = verdictOf(record);
    const outcome = ({ code, ms }: { code: number; ms: number }) =>
      `${code === 0 ? "" : code === 124 ? "too late, " : "fails, "}${(ms / 1000).toFixed(1)} s`;
    return [
      record.version,
      String(record.units),
      `${record.built}`,
      outcome(record.plain),
      outcome(record.wrapped),
      record.stored === undefined ? "" : outcome(record.stored),
      verdict === "differs" ? "**no**" : record.units === 0 ? "" : "yes",
      reasonOf(record),
    ];
  });
  const count = (verdict: Verdict) =>
    records.filter((record) => verdictOf(record) === verdict).length;
  const sum = (value: (record: CraterRecord) => number) =>
    records.reduce((total, record) => total + value(record), 0);
  const seconds = (value: (record: CraterRecord) => number | undefined) =>
    `${Math.round(sum((record) => value(record) ?? 0) / 1000)} s`;
  const stored = records.filter((record) => record.stored !== undefined);
  return [
    "# Other people's crates",
    "",
    "Made by",
    "",
    "```sh",
    run.command,
    "```",
    "",
    ...run.made.map((line) => `- ${line}`),
    "",
    `${records.length} crates of Debian, each as a dependency of a program of one line, with its`,
    "default features; its own sources by their path, so that its warnings are shown, and what it",
    "needs as vendored packages. Each is built three times at the same place: by plain cargo, with",
    "the wrapper, and with the wrapper from its store. All three share what earlier crates have left.",
    "Compared are exit codes, all that cargo tells (warnings, errors, what build scripts have set),",
    "and every file byte by byte: libraries, macros, programs, and what build scripts have made.",
    "",
    "| Crates | |",
    "| --- | --- |",
    `| the same bytes and words | ${count("same")} |`,
    `| fail in both with the same words | ${count("fails in both")} |`,
    `| differ | ${count("differs")} |`,
    `| not tried | ${run.untried.length} |`,
    "",
    `${sum(({ built }) => built)} units were compiled by each, in ${
      seconds(({ plain }) => plain.ms)
    } plainly, ${seconds(({ wrapped }) => wrapped.ms)} wrapped, and ${
      seconds(({ stored }) => stored?.ms)
    } from the store (${stored.length} of the crates). ${
      sum(({ fellBack }) => fellBack.length)
    } of them were compiled here because the container could not. ${
      records.filter(({ lean }) => !lean).length
    } crates were built with debug information, the others without (\`--lean\`).`,
    "",
    ...markdown([
      ["crate", "units", "new", "plain", "wrapped", "stored", "same", "why"],
      ...rows,
    ]),
    "",
    ...run.untried.length === 0 ? [] : [
      "Not tried:",
      "",
      ...run.untried.map(({ crate, reason }) => `- \`${crate}\`: ${reason}`),
      "",
    ],
  ].join("\n");
}

function reasonOf(record: CraterRecord): string {
  const parts = [
    ...record.differences.slice(0, 3),
    ...record.fellBack.slice(0, 2).map((line) => `compiled here: ${line}`),
    ...record.complaint === undefined ? [] : [record.complaint],
  ];
  return parts.join("; ").slice(0, 400);
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell) => cell.replaceAll("|", "\\|").replace(/[<>*_`]/g, "\\$&")).join(" | ")
    } |`;
  const plain = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    plain(head),
    plain(head.map(() => "---")),
    ...rows.map((cells) => line(cells).replace("\\*\\*no\\*\\*", "**no**")),
  ];
}
