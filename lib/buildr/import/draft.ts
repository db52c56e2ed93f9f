import { type Diagnostic, Diagnostics, SourceText } from "../../diagnostics/mod.ts";
import { emitYaml, type Place } from "../../yaml_tree/mod.ts";
import { readManifest } from "../manifest/read_manifest.ts";

/** What was made of the file of another system. */
export interface ImportResult {
  /** A manifest of version 2, as text. */
  readonly text: string;
  /** What could not be mapped, or not exactly; located in the files that were read. */
  readonly notes: readonly Diagnostic[];
}

/** Takes notes about what cannot be mapped. */
export class Notes {
  readonly #diagnostics = new Diagnostics();

  /** All notes. */
  get all(): readonly Diagnostic[] {
    return this.#diagnostics.all;
  }

  /** Notes something. */
  add(at: Place, message: string, hint?: string): void {
    const details = hint === undefined ? {} : { hint };
    this.#diagnostics.warning(at.source, at.range, message, { code: "not-mapped", ...details });
  }
}

/** A stage as plain data, in the order of its keys. */
export interface StageDraft {
  /** Its name in the manifest. */
  readonly name: string;
  /** Its keys and values. */
  readonly value: Readonly<Record<string, unknown>>;
}

/** A manifest as plain data. */
export interface ManifestDraft {
  /** What it was made from, for the comment at the top. */
  readonly from: string;
  /** Keys above `stages`; those that are `undefined` are left out. */
  readonly top: Readonly<Record<string, unknown>>;
  /** The stages in their order. */
  readonly stages: readonly StageDraft[];
}

/**
 * Writes a manifest, and checks it: what is written can be read.
 *
 * @param draft The manifest.
 * @param notes Takes what our own validator finds in it.
 * @param at Where notes about the whole go.
 */
export async function finishImport(
  draft: ManifestDraft,
  notes: Notes,
  at: Place,
): Promise<ImportResult> {
  const value: Record<string, unknown> = { version: 2, ...withoutUndefined(draft.top) };
  value["stages"] = draft.stages.map(({ name }) => name);
  const parts = [emitYaml(value)];
  for (const { name, value: stage } of draft.stages) {
    parts.push(emitYaml({ [name]: withoutUndefined(stage) }));
  }
  const head = "# yaml-language-server: $schema=./.buildr-out/schema.json\n" +
    `# Imported from ${draft.from} by "superorch buildr import".\n`;
  const text = `${head}${parts.join("\n")}`;
  const diagnostics = new Diagnostics();
  const place = { path: "/.buildr.yml", directory: "/" };
  await readManifest(new SourceText(".buildr.yml", text), place, diagnostics);
  for (const { message, hint } of diagnostics.errors) {
    notes.add(at, `The manifest needs a correction by hand: ${message}`, hint);
  }
  return { text, notes: notes.all };
}

function withoutUndefined(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}

/** Gives names of jobs the form of names of stages, each its own. */
export class StageNames {
  readonly #names = new Map<string, string>();
  readonly #taken: Set<string>;

  /** Begins with the names that a manifest keeps for itself. */
  constructor() {
    this.#taken = new Set(
      ("version image environment stages shell docker workspace defaults recipients secrets " +
        "project prepare after").split(" "),
    );
  }

  /** The name of the stage for a job. */
  of(job: string): string {
    const known = this.#names.get(job);
    if (known !== undefined) return known;
    const base = job.normalize("NFKD").replaceAll(/[^\w.-]+/g, "-").replaceAll(/^[-.]+|-+$/g, "") ||
      "job";
    let name = base;
    for (let number = 2; this.#taken.has(name); number++) name = `${base}-${number}`;
    this.#taken.add(name);
    this.#names.set(job, name);
    return name;
  }
}

/** A line that changes the shell it runs in: what comes after it counts on that. */
const CHANGES_SHELL =
  /(?:^|[;&|{(]\s*|\bthen\s+|\bdo\s+)(?:cd|export|set|unset|source|\.|alias|eval|exec|trap|umask|ulimit|shopt|pushd|popd|shift|declare|typeset|local|nvm|rvm|[A-Za-z_]\w*\+?=|[A-Za-z_]\w*\s*\(\)|function)(?=\s|$|["'$(\w])/m;

/**
 * Makes a script of lines that ran in one shell: as they are where each stands for itself, else as
 * one text.
 */
export function scriptOf(lines: readonly string[]): readonly string[] {
  const trimmed = lines.map((line) => line.trimEnd()).filter((line) => line.trim() !== "");
  if (trimmed.length <= 1) return trimmed;
  const last = trimmed.length - 1;
  const shared = trimmed.some((line, index) => index < last && CHANGES_SHELL.test(line));
  return shared ? [`${trimmed.join("\n")}\n`] : trimmed;
}

/** The shell of a script: bash where it uses what only bash has. */
export function shellOf(lines: readonly string[]): readonly string[] | undefined {
  const bashOnly =
    /\[\[|\bshopt\b|\bpushd\b|\bsource\s|<<<|\$'|\bset -o pipefail|=\(|\bfunction\s|<\(/;
  return lines.some((line) => bashOnly.test(line)) ? ["bash", "-ec"] : undefined;
}

/**
 * Reads a length of time as people write it: `3 hours 30 minutes`, `1h 30m`, `90 mins`, `1 week`.
 *
 * @returns A duration of ours, `undefined` when it is none.
 */
export function humanDuration(text: string): string | undefined {
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const clean = text.trim().toLowerCase().replaceAll(/,|\band\b/g, " ");
  if (/^\d+$/.test(clean)) return clean === "0" ? undefined : `${clean}s`;
  let rest = clean;
  let seconds = 0;
  while (rest.trim() !== "") {
    const found =
      /^\s*(\d+(?:\.\d+)?)\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|hr|h|days?|d|weeks?|w|months?|mos?|years?|yrs?|y)(?![a-z])/
        .exec(rest);
    if (found === null) return undefined;
    const unit = found[2]!;
    const factor = unit.startsWith("mo")
      ? 30 * 86_400
      : unit.startsWith("y")
      ? 365 * 86_400
      : units[unit[0]!]!;
    seconds += Number(found[1]) * factor;
    rest = rest.slice(found[0].length);
  }
  if (seconds <= 0) return undefined;
  for (const [unit, factor] of Object.entries(units).reverse()) {
    if (seconds % factor === 0) return `${seconds / factor}${unit}`;
  }
  return `${Math.round(seconds)}s`;
}

/** When a well-known service is ready, by the name of its image. */
export function readinessOf(image: string): Readonly<Record<string, unknown>> | "started" {
  const ports: Readonly<Record<string, number>> = {
    postgres: 5432,
    postgis: 5432,
    mysql: 3306,
    mariadb: 3306,
    redis: 6379,
    valkey: 6379,
    mongo: 27017,
    rabbitmq: 5672,
    memcached: 11211,
    elasticsearch: 9200,
    nginx: 80,
    minio: 9000,
    cassandra: 9042,
    neo4j: 7687,
    couchdb: 5984,
    chrome: 4444,
    "standalone-chrome": 4444,
    localstack: 4566,
  };
  const name = image.replace(/@.*$/, "").replace(/:[^/]*$/, "").split("/").at(-1)!;
  const port = ports[name];
  return port === undefined ? "started" : { tcp: port };
}
