import { isBelow } from "../_paths.ts";
import type { TarEntry } from "../../engine/tar/mod.ts";
import { OUTPUT_DIRECTORY, quote, renderPlan } from "../plan.ts";
import { sha256 } from "../sha256.ts";
import { SNAPSHOT_MTIME_SECONDS } from "../snapshot.ts";
import { embedFiles } from "./embedded_files.ts";
import type { RecordedEntry, RecordedPlan } from "./recording_runner.ts";

/** What a {@linkcode composeFinal} is made of. */
export interface FinalParts {
  /** Everything that was carried out. */
  readonly plans: readonly RecordedPlan[];
  /** The content of a digest. */
  readonly content: (digest: string) => Uint8Array<ArrayBuffer>;
  /** Whether each stage says what it is. Default `false`. */
  readonly comments?: boolean;
  /** Whether what no program needs is in it too, and libraries are in `/deps`. Default `false`. */
  readonly everything?: boolean;
}

/** A Dockerfile that builds programs without cargo. */
export interface FinalDockerfile {
  /** The file. */
  readonly text: string;
  /** Names of the programs, sorted: files in the last stage. */
  readonly programs: readonly string[];
  /** Compiled files that are in it as they are: nobody has seen them being made. */
  readonly prebuilt: readonly string[];
}

interface Origin {
  readonly id: string;
  readonly path: string;
}

/**
 * Writes one Dockerfile that builds programs from their sources, all of which are in it. Each crate
 * is a stage of its own, what others need comes before them, and the last one has the programs.
 *
 * @param parts What was carried out.
 * @returns The file; equal parts give equal files.
 * @throws {TypeError} when no program is among them.
 */
export async function composeFinal(parts: FinalParts): Promise<FinalDockerfile> {
  const { plans, content, comments = false, everything = false } = parts;
  const origins = originsOf(plans);
  const programs = programsOf(plans);
  const wanted = [
    ...programs.map(({ id }) => id),
    ...everything ? byId(plans).map(({ plan }) => plan.id) : [],
  ];
  const sorted = inOrder(plans, wanted, origins);
  if (sorted.length === 0) {
    throw new TypeError("Cannot write a final Dockerfile: no program was built");
  }
  const prebuilt = new Set<string>();
  // The image of a target has all that the one has that build scripts and macros are compiled in.
  const { base } = (plans.find(({ plan }) => plan.id === programs[0]?.id) ?? sorted[0]!).plan;
  const lines = [
    `ARG BASE=${base.image}`,
    "FROM ${BASE} AS rust-base",
    "USER 0",
  ];
  const known = new Set<string>();
  for (const record of sorted) {
    const { sources, needed } = split(record, origins);
    for (const { path } of sources) if (COMPILED.test(path)) prebuilt.add(path);
    const files = sources.map((entry) => tarEntry(entry, content));
    const digest = (await sha256(JSON.stringify(sources))).slice(0, 16);
    if (!known.has(digest)) {
      known.add(digest);
      lines.push("", `FROM rust-base AS src-${digest}`, ...await embedFiles(files));
    }
    lines.push("");
    if (comments) lines.push(describe(record, sources.length, needed.map(({ origin }) => origin)));
    lines.push(...await unitStages(record, digest, needed));
  }
  lines.push("", "FROM scratch AS final");
  for (const { name, id, path } of programs) {
    lines.push(`COPY --from=${stage(id)} ${JSON.stringify([`/files/${path}`, `/${name}`])}`);
  }
  if (everything) {
    for (const { plan, made } of byId(plans)) {
      for (const path of Object.keys(made).filter((name) => LIBRARY.test(name)).sort()) {
        lines.push(
          `COPY --from=${stage(plan.id)} ${JSON.stringify([`/files/${path}`, `/deps/${path}`])}`,
        );
      }
    }
  }
  return {
    text: `${lines.join("\n")}\n`,
    programs: programs.map(({ name }) => name),
    prebuilt: [...prebuilt].sort(),
  };
}

/** What rustc makes of crates that others use. */
const LIBRARY = /^lib[^/]*\.(?:rlib|rmeta|so|a|dylib)$/;
/** The same, where cargo keeps it. */
const COMPILED = /\/deps\/lib[^/]*-[0-9a-f]{16}\.(?:rlib|rmeta|so|dylib)$/;

/** One line about a stage; names of crates and packages have no line ends. */
function describe({ plan }: RecordedPlan, files: number, needed: readonly Origin[]): string {
  const { CARGO_PKG_NAME: name = "", CARGO_PKG_VERSION: version = "" } = plan.env;
  const others = [...new Set(needed.map(({ id }) => id))].sort();
  const of = others.length === 0 ? "" : `, and of ${others.join(", ")}`;
  const what = plan.kind === "compile" ? "compiled" : "a build script's run";
  return `# ${plan.id}: ${name} ${version}, ${what} of ${files} files${of}`;
}

/** What was made, by its content: whoever needs it takes it from there. */
function originsOf(plans: readonly RecordedPlan[]): Map<string, Origin> {
  const origins = new Map<string, Origin>();
  for (const { plan, made } of byId(plans)) {
    for (const [path, digest] of Object.entries(made)) {
      if (!origins.has(digest)) origins.set(digest, { id: plan.id, path });
    }
  }
  return origins;
}

function programsOf(plans: readonly RecordedPlan[]) {
  return plans.flatMap(({ plan, made }) => {
    const name = plan.env["CARGO_BIN_NAME"];
    const isProgram = plan.kind === "compile" && name !== undefined &&
      plan.argv.includes("bin") && !plan.argv.includes("--test");
    const path = Object.keys(made).find((file) => !file.includes(".") && !file.includes("/"));
    return isProgram && path !== undefined ? [{ name, id: plan.id, path }] : [];
  }).sort((a, b) => a.name < b.name ? -1 : 1);
}

/** What a unit needs comes before it; else by name. */
function inOrder(
  plans: readonly RecordedPlan[],
  wanted: readonly string[],
  origins: ReadonlyMap<string, Origin>,
): readonly RecordedPlan[] {
  const records = new Map(plans.map((record) => [record.plan.id, record]));
  const done = new Map<string, RecordedPlan>();
  const visit = (id: string, path: readonly string[]): void => {
    const record = records.get(id);
    if (record === undefined || done.has(id) || path.includes(id)) return;
    for (const { origin } of split(record, origins).needed) visit(origin.id, [...path, id]);
    done.set(id, record);
  };
  for (const id of wanted) visit(id, []);
  return [...done.values()];
}

function split({ plan, entries }: RecordedPlan, origins: ReadonlyMap<string, Origin>) {
  const sources: RecordedEntry[] = [];
  const needed: { readonly entry: RecordedEntry; readonly origin: Origin }[] = [];
  for (const entry of entries) {
    const origin = entry.digest === undefined ? undefined : origins.get(entry.digest);
    // An empty file of the sources may be equal to one that a build script has made.
    const isMade = /\/(?:deps|build)\//.test(entry.path) && origin?.id !== plan.id;
    if (origin !== undefined && isMade) needed.push({ entry, origin });
    else sources.push(entry);
  }
  return { sources, needed };
}

async function unitStages(
  record: RecordedPlan,
  digest: string,
  needed: ReturnType<typeof split>["needed"],
): Promise<string[]> {
  const { plan } = record;
  const [script] = renderPlan({ ...plan, entries: [] }).entries();
  const run = await embedFiles([{ ...script!, path: "superorch/run" }]);
  const copies = needed.map(({ entry, origin }) =>
    `COPY --from=${stage(origin.id)} ${JSON.stringify([`/files/${origin.path}`, `/${entry.path}`])}`
  );
  // What is newer than the script is taken for a result.
  const old = needed.filter(({ entry }) => isBelow(`/${entry.path}`, plan.outDir))
    .map(({ entry }) => quote(`/${entry.path}`));
  const modes = needed.map(({ entry }) =>
    `chmod ${(entry.mode ?? 0o644).toString(8)} ${quote(`/${entry.path}`)}`
  );
  const time = `touch -d @${SNAPSHOT_MTIME_SECONDS}`;
  return [
    `FROM rust-base AS dep-${suffix(plan.id)}`,
    ...run,
    "RUN cp -a /s/superorch /superorch && rm -r /s",
    `COPY --from=src-${digest} /s/ /`,
    ...copies,
    `RUN ${
      [
        `mkdir -p ${quote(plan.outDir)} ${quote(plan.cwd)}`,
        ...modes,
        ...old.length > 0 ? [`${time} ${old.join(" ")}`] : [],
        `${time} /superorch/run`,
        "sh /superorch/run",
        `{ [ "$(cat ${OUTPUT_DIRECTORY}/code)" = 0 ] || ` +
        `{ cat ${OUTPUT_DIRECTORY}/stderr >&2; exit 1; }; }`,
      ].join(" && \\\n    ")
    }`,
    `FROM scratch AS ${stage(plan.id)}`,
    `COPY --from=dep-${suffix(plan.id)} ${OUTPUT_DIRECTORY}/ /`,
  ];
}

function tarEntry(
  entry: RecordedEntry,
  content: (digest: string) => Uint8Array<ArrayBuffer>,
): TarEntry {
  const { kind, path, mode, digest, target } = entry;
  const common = {
    path,
    mtimeSeconds: SNAPSHOT_MTIME_SECONDS,
    ...(mode === undefined ? {} : { mode }),
  };
  if (kind === "file") return { ...common, kind, content: content(digest!) };
  return (target === undefined ? { ...common, kind } : { ...common, kind, target }) as TarEntry;
}

function byId(plans: readonly RecordedPlan[]): readonly RecordedPlan[] {
  return plans.toSorted((a, b) => a.plan.id < b.plan.id ? -1 : 1);
}

function suffix(id: string): string {
  return id.toLowerCase().replace(/[^a-z0-9-]+/g, "-");
}

function stage(id: string): string {
  return `out-${suffix(id)}`;
}
