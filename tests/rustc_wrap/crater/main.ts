/**
 * Builds crates of Debian plainly and with the wrapper, and tells what is not the same. It goes on
 * where an earlier run has ended; crates whose build differed are built again.
 *
 *     deno task crater [--minutes N] [--work DIR] [--document FILE] [CRATE …]
 *
 * Needs Linux with cargo, Debian's package tools and its mirror, an engine, and some 20 GB; with
 * `--lean` 8.
 */
import { parseArgs } from "node:util";
import { cacheDirectory } from "../../../lib/engine/state.ts";
import { runProgram, superorch } from "../../support/cli.ts";
import { privateEngineProblem, startPrivateEngine } from "../../support/private_engine.ts";
import { BuildPair, type CraterRecord } from "./build_pair.ts";
import { craterTable, verdictOf } from "./crater_table.ts";
import { COMMON_CRATES } from "./crates.ts";
import { type DebianRegistry, debianRegistry, packageOf } from "./debian_registry.ts";

const { values: flags, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    /** No crate is begun later than this. */
    minutes: { type: "string", default: "600" },
    /** Where everything is kept. */
    work: { type: "string", default: `${cacheDirectory()}/crater` },
    /** Where the table is written to. */
    document: { type: "string" },
    /** Crates that came out the same are built again too. */
    again: { type: "boolean", default: false },
    /** No debug information, which is most of what is on the disk in the end. */
    lean: { type: "boolean", default: false },
    /** Nothing is built: the table of what is known. */
    table: { type: "boolean", default: false },
  },
});
const work = flags.work;
const crates = positionals.length > 0 ? positionals : COMMON_CRATES;
const endMs = Date.now() + Number(flags.minutes) * 60_000;
/** Less than this on the disk, and the machine's other users would notice. */
const FREE_KB = 2e6;

/** Beside headers and libraries, what build scripts start. */
const PROGRAMS = ["pkg-config", "cmake", "perl"];

const say = (line: string) => console.error(line);
let stopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    stopped = true;
    say("The crate that is being built is the last one");
  });
}
await Deno.mkdir(work, { recursive: true });
const registry = await debianRegistry(work, crates, say);
const records = await readRecords();
if (!flags.table) await buildAll();
await report();
Deno.exit([...records.values()].some((record) => verdictOf(record) === "differs") ? 1 : 0);

async function buildAll(): Promise<void> {
  await startAnew();
  const linked = await superorch(["install-links", `${work}/bin`, "rustcbuildx"]);
  if (linked.code !== 0) throw new Error(linked.stderr);
  await using engine = await ownEngine();
  const env = {
    RUSTCBUILDX_ADD_APT: forTheImage(registry).join(),
    ...engine === undefined ? {} : { DOCKER_HOST: `unix://${engine.socketPath}` },
  };
  // Before the first build, which would tell of it.
  const pulled = await superorch(["rustc-wrap", "pull"], { env, cwd: work, timeoutMs: 600_000 });
  if (pulled.code !== 0) throw new Error(pulled.stderr);
  const pair = new BuildPair({
    work,
    registry: registry.directory,
    wrapper: `${work}/bin/rustcbuildx`,
    env,
    lean: flags.lean,
    stored: true,
  });
  for (const crate of crates) {
    const vendored = packageOf(registry.packages, crate);
    const known = records.get(crate);
    if (vendored === undefined) continue;
    if (known !== undefined && !flags.again && verdictOf(known) !== "differs") continue;
    if (stopped || Date.now() > endMs) return say("The time is over");
    if (await freeKb() < FREE_KB) return say(`The disk of "${work}" is nearly full`);
    const record = await pair.build(crate, vendored);
    records.set(crate, record);
    await Deno.writeTextFile(`${work}/records.jsonl`, `${JSON.stringify(record)}\n`, {
      append: true,
    });
    say(
      `${record.version}: ${verdictOf(record)}, ${record.built} of ${record.units} units, ` +
        `${record.plain.ms} ms plain, ${record.wrapped.ms} ms wrapped, ` +
        `${record.stored?.ms ?? "-"} ms stored${record.complaint ? `: ${record.complaint}` : ""}`,
    );
    for (const line of [...record.differences, ...record.fellBack]) say(`    ${line}`);
  }
}

/** BuildKit keeps what it was sent, some 20 GB of it, and not every engine lets go of that. */
async function ownEngine() {
  const problem = await privateEngineProblem();
  if (problem !== undefined) return void say(`This machine's engine is used: ${problem}`);
  const collected = { builder: { gc: { enabled: true, defaultKeepStorage: "1GB" } } };
  return await startPrivateEngine({ files: { "daemon.json": JSON.stringify(collected) } });
}

/** Another compiler or image is another run: what is there does not belong to it. */
async function startAnew(): Promise<void> {
  const now = JSON.stringify([await lineOf("rustc", "-vV"), forTheImage(registry), flags.lean]);
  const known = await Deno.readTextFile(`${work}/identity`).catch(() => "");
  if (known === now) return;
  for (const name of ["target", "target-plain", "target-wrapped", "target-stored", "store"]) {
    await Deno.remove(`${work}/${name}`, { recursive: true }).catch(() => {});
  }
  await Deno.remove(`${work}/records.jsonl`).catch(() => {});
  records.clear();
  await Deno.writeTextFile(`${work}/identity`, now);
}

/** The last record of a crate counts. */
async function readRecords(): Promise<Map<string, CraterRecord>> {
  const text = await Deno.readTextFile(`${work}/records.jsonl`).catch(() => "");
  const lines = text.split("\n").filter((line) => line.endsWith("}"));
  return new Map(lines.map((line): [string, CraterRecord] => {
    const record = JSON.parse(line);
    return [record.crate, record];
  }));
}

/** What C code is built with; the rest of what packages name is no matter of compilers. */
function forTheImage({ libraries }: DebianRegistry): string[] {
  const wanted = libraries.filter((name) => /-dev$/.test(name) || PROGRAMS.includes(name));
  return [...new Set([...wanted, "g++", "git"])].sort();
}

async function report(): Promise<void> {
  const chosen = crates.flatMap((crate) => records.get(crate) ?? []);
  const untried = crates.filter((crate) => !records.has(crate)).map((crate) => ({
    crate,
    reason: registry.unknown.includes(crate)
      ? "not in this release of Debian, or what it needs is not"
      : packageOf(registry.packages, crate) === undefined
      ? "no package of that name among those of Debian"
      : "the run ended before",
  }));
  const table = craterTable(chosen, {
    command: "deno task crater --document docs/rustc-wrap-crates.md",
    made: [
      `${await lineOf("date", "-u", "+%Y-%m-%d")}, ${await lineOf("rustc", "-V")}, ${await lineOf(
        "cargo",
        "-V",
      )}`,
      `${await lineOf("sh", "-c", '. /etc/os-release && echo "$PRETTY_NAME"')}, ` +
      `${Deno.build.arch}, ${navigator.hardwareConcurrency} processors`,
      `in the image, beside what is always there: ${forTheImage(registry).join(", ")}`,
    ],
    untried,
  });
  if (flags.document === undefined) console.log(table);
  else await writeFormatted(flags.document, table);
}

async function writeFormatted(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text);
  await runProgram(Deno.execPath(), ["fmt", "-q", path]);
}

async function lineOf(program: string, ...args: string[]): Promise<string> {
  return (await runProgram(program, args)).stdout.trim();
}

async function freeKb(): Promise<number> {
  const { stdout } = await runProgram("df", ["-k", "--output=avail", work]);
  return Number(stdout.trim().split("\n").at(-1));
}
