import { type CargoReport, readMessages } from "./cargo_messages.ts";
import { compareBuilds, type FinishedBuild } from "./compare_builds.ts";
import type { VendoredPackage } from "./debian_registry.ts";

/** How one crate was built. */
export interface CraterRecord {
  /** Debian's name. */
  readonly crate: string;
  /** Name and version as in `Cargo.toml`. */
  readonly version: string;
  /** Whether it was built without debug information. */
  readonly lean: boolean;
  /** Units of the crate with all that it needs. */
  readonly units: number;
  /** Those of them that were not there from the crates before. */
  readonly built: number;
  /** Plain cargo's exit code and time. */
  readonly plain: CraterTime;
  /** The same with the wrapper and nothing in its store but what the crates before have left. */
  readonly wrapped: CraterTime;
  /** The same once more, from the store; absent when it was not asked for. */
  readonly stored?: CraterTime;
  /** Units that the wrapper has compiled in containers. */
  readonly ran: number;
  /** Units and build scripts that it could not do there: it told why. */
  readonly fellBack: readonly string[];
  /** What is not as plain cargo has it. */
  readonly differences: readonly string[];
  /** First complaint of a build that failed. */
  readonly complaint?: string;
}

/** One build. */
export interface CraterTime {
  /** Exit code. */
  readonly code: number;
  /** How long it took. */
  readonly ms: number;
}

/** What a pair of builds needs. */
export interface PairOptions {
  /** Everything is in here; it is kept between runs. */
  readonly work: string;
  /** The directory source. */
  readonly registry: string;
  /** The link that cargo starts. */
  readonly wrapper: string;
  /** Words for cargo. Default `build`. */
  readonly words?: readonly string[];
  /** Variables of the wrapper. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables of every build. */
  readonly everybody?: Readonly<Record<string, string>>;
  /** Most that one build may take. Default 10 min. */
  readonly timeoutMs?: number;
  /** Whether debug information is left out. Default `false`. */
  readonly lean?: boolean;
  /** Whether each crate is built a third time, from the store. Default `false`. */
  readonly stored?: boolean;
}

type Kind = "plain" | "wrapped" | "stored";

/**
 * Builds crates plainly and wrapped at the very same paths, and compares. All crates share a target
 * directory of each kind, which is moved to the common place while it is used: what a crate needs is
 * compiled once.
 */
export class BuildPair {
  readonly #options: PairOptions;
  /** Where cargo builds, whoever compiles. */
  readonly target: string;

  /** Nothing is built yet. */
  constructor(options: PairOptions) {
    this.#options = options;
    this.target = `${options.work}/target`;
  }

  /**
   * Builds one crate.
   *
   * @param crate Debian's name.
   * @param vendored The crate's package.
   * @returns What came out.
   */
  async build(crate: string, vendored: VendoredPackage): Promise<CraterRecord> {
    const byPath = await this.#buildOnce(crate, vendored, "path");
    if (byPath.plain.code === 0) return byPath;
    // Warnings of long ago that are errors in its own code are none in a dependency's.
    const byVersion = await this.#buildOnce(crate, vendored, "version");
    return {
      ...byVersion,
      ran: byPath.ran + byVersion.ran,
      fellBack: [...byPath.fellBack, ...byVersion.fellBack],
      differences: [...byPath.differences, ...byVersion.differences],
      complaint: byVersion.complaint ?? `by its path, in both: ${byPath.complaint}`,
    };
  }

  async #buildOnce(
    crate: string,
    vendored: VendoredPackage,
    by: "path" | "version",
  ): Promise<CraterRecord> {
    const project = `${this.#options.work}/projects/${crate}-${by}`;
    await writeProject(project, vendored, by, this.#options.registry);
    return await this.compare(crate, `${vendored.name} ${vendored.version}`, project);
  }

  /**
   * Builds what is in a directory.
   *
   * @param crate What it is called in the record.
   * @param version The same, with its version.
   * @param project The directory that cargo is started in.
   * @returns What came out.
   */
  async compare(crate: string, version: string, project: string): Promise<CraterRecord> {
    await this.#restore();
    const plain = await this.#run("plain", project);
    const wrapped = await this.#run("wrapped", project);
    const differences = [...await compareBuilds(plain, wrapped, this.target)];
    let stored: TimedBuild | undefined;
    if (this.#options.stored && differences.length === 0) {
      stored = await this.#run("stored", project);
      const lines = await compareBuilds(plain, stored, this.target);
      differences.push(...lines.map((line) => `from the store: ${line}`));
      const again = stored.ran.filter((unit) => !unit.startsWith("run-") || plain.code === 0);
      if (plain.code === 0 && again.length > 0) {
        differences.push(`from the store: compiled again: ${again.join(", ")}`);
      }
    }
    const { units } = plain.report;
    return {
      crate,
      version,
      lean: this.#options.lean === true,
      units: units.length,
      built: units.filter(({ fresh }) => !fresh).length,
      plain: timeOf(plain),
      wrapped: timeOf(wrapped),
      ...(stored === undefined ? {} : { stored: timeOf(stored) }),
      ran: wrapped.ran.length,
      fellBack: wrapped.fellBack,
      differences,
      ...(plain.code === 0 ? {} : { complaint: complaintOf(plain) }),
    };
  }

  async #run(kind: Kind, project: string): Promise<TimedBuild> {
    const { work, wrapper, words = ["build"], env, everybody, lean, timeoutMs = 600_000 } =
      this.#options;
    const kept = `${work}/target-${kind}`;
    await Deno.mkdir(kept, { recursive: true });
    await Deno.rename(kept, this.target);
    const trace = `${work}/trace-${kind}`;
    await Deno.remove(trace).catch(() => {});
    const start = performance.now();
    try {
      const { code, stdout, stderr } = await new Deno.Command("timeout", {
        args: [
          ...["--kill-after=10", String(timeoutMs / 1000), "cargo"],
          ...[...words, "--message-format=json", "--keep-going", "--offline"],
        ],
        cwd: project,
        env: {
          CARGO_HOME: `${work}/cargo-home`,
          CARGO_INCREMENTAL: "0",
          CARGO_TARGET_DIR: this.target,
          CARGO_TERM_COLOR: "never",
          ...everybody,
          ...lean ? { CARGO_PROFILE_DEV_DEBUG: "false" } : {},
          ...(kind === "plain" ? { RUSTC_WRAPPER: "" } : {
            RUSTC_WRAPPER: wrapper,
            RUSTCBUILDX_CACHE_DIR: `${work}/store`,
            RUSTCBUILDX_LOG_PATH: trace,
            ...env,
          }),
        },
        stdin: "null",
      }).output();
      const ms = performance.now() - start;
      const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      const log = await Deno.readTextFile(trace).catch(() => "");
      const found = (pattern: RegExp) => [...log.matchAll(pattern)].map((match) => match[1]!);
      return {
        code,
        ms,
        stderr: decode(stderr),
        report: readMessages(decode(stdout), decode(stderr)),
        target: kept,
        ran: found(/ (\S+): (?:ran|cached by the builder), code/g),
        fellBack: found(/ failed: (.*)/g),
      };
    } finally {
      await Deno.rename(this.target, kept);
    }
  }

  /** A run that was ended in the middle has left a directory at the common place. */
  async #restore(): Promise<void> {
    const { work } = this.#options;
    if (!await Deno.stat(this.target).then(() => true, () => false)) return;
    for (const kind of ["plain", "wrapped", "stored"]) {
      const kept = `${work}/target-${kind}`;
      if (await Deno.stat(kept).then(() => true, () => false)) continue;
      return await Deno.rename(this.target, kept);
    }
    throw new Error(`Cannot tell what "${this.target}" is of: remove it`);
  }
}

interface TimedBuild extends FinishedBuild {
  readonly ms: number;
  readonly stderr: string;
  readonly report: CargoReport;
  readonly ran: readonly string[];
  readonly fellBack: readonly string[];
}

function timeOf({ code, ms }: TimedBuild): CraterTime {
  return { code, ms: Math.round(ms) };
}

/** By its path, a crate's own warnings are shown; the rest is vendored. */
async function writeProject(
  project: string,
  { name, version, directory, library }: VendoredPackage,
  by: "path" | "version",
  registry: string,
): Promise<void> {
  const source = by === "path" ? { path: directory } : { version: `=${version}` };
  const [[key, value]] = Object.entries(source) as [[string, string]];
  const use = library === undefined ? "" : `extern crate ${library} as _;\n`;
  const files = {
    "Cargo.toml": `[package]
name = "app"
version = "0.1.0"
edition = "2021"
[workspace]
[dependencies]
${JSON.stringify(name)} = { ${key} = ${JSON.stringify(value)} }
`,
    ".cargo/config.toml":
      `[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = ${
        JSON.stringify(registry)
      }\n`,
    "src/main.rs": `#![allow(unused_extern_crates)]\n${use}fn main() {}\n`,
  };
  for (const [path, text] of Object.entries(files)) {
    const file = `${project}/${path}`;
    // What is the same keeps its time, or cargo would take it for changed.
    if (await Deno.readTextFile(file).catch(() => "") === text) continue;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
}

function complaintOf({ report, stderr }: TimedBuild): string {
  const error = report.rendered.find((text) => text.startsWith("error"))?.split("\n")[0];
  const line = /^error.*(?:\n\n?.*)?/m.exec(stderr)?.[0];
  const found = /failed to select a version|no matching package/.test(stderr)
    ? stderr.replace(/\s+/g, " ")
    : error ?? line ?? stderr;
  return found.replace(/\s+/g, " ").trim().slice(0, 160);
}
