/** Trees of components for tests: written to a temporary directory, used, removed. */
import { superorch } from "../support/cli.ts";
import type { Ran, RunProgramOptions } from "../support/cli.ts";
import {
  type BuildTarget,
  type Configuration,
  type InstalledBuild,
  loadConfiguration,
  type World,
} from "../../lib/orchestra/mod.ts";

/** A directory with a configuration; it is removed when it is disposed of. */
export class Project implements AsyncDisposable {
  /** Absolute path of the directory with `.orchestra` in it. */
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Makes a project.
   *
   * @param files Contents by path below `.orchestra/config`; a text alone is `components.yml`.
   */
  static async create(files: string | Readonly<Record<string, string>>): Promise<Project> {
    const project = new Project(await Deno.realPath(await Deno.makeTempDir()));
    const all = typeof files === "string" ? { "components.yml": files } : files;
    await project.configure({ "user_options.yml": "", ...all });
    return project;
  }

  /** Writes files below `.orchestra/config`. */
  async configure(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await this.write(`.orchestra/config/${path}`, text);
    }
  }

  /** Writes a file below the directory. */
  async write(path: string, text: string): Promise<void> {
    const target = this.path(path);
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(target, text);
  }

  /** Absolute path of something below the directory. */
  path(path: string): string {
    return `${this.directory}/${path}`;
  }

  /** Runs `superorch orc …` in the directory. */
  orc(args: readonly string[], options: RunProgramOptions = {}): Promise<Ran> {
    return superorch(["orc", ...args], { cwd: this.directory, timeoutMs: 60_000, ...options });
  }

  /** Reads the configuration, without any cache. */
  load(env: Readonly<Record<string, string>> = {}): Promise<Configuration> {
    const dotdir = this.path(".orchestra");
    return loadConfiguration({ dotdir, useCache: false, env: (name) => env[name] });
  }

  /** Removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Component `a` with build `b`: the smallest configuration, whose hash is known. */
export const SMALL = `components:
  a:
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"
        install: touch "$TMP_ROOT$ORCHESTRA_ROOT/a_file"
`;

/** The recursive hash of `a` in {@linkcode SMALL}. */
export const SMALL_HASH = "64ac87c9a88035fbb7b888f37bd55aa1d6b08906";

/**
 * Writes a configuration in short: `"a@one": ["b", "c~two"]`, first build of a component first, with
 * the plain scripts of the scheduling tests.
 */
export function components(builds: Readonly<Record<string, readonly string[]>>): string {
  const byName = new Map<string, [string, readonly string[]][]>();
  for (const [spec, dependencies] of Object.entries(builds)) {
    const [name = "", build = ""] = spec.split("@");
    byName.set(name, [...byName.get(name) ?? [], [build, dependencies]]);
  }
  const lines = ["components:"];
  for (const [name, list] of byName) {
    lines.push(`  ${name}:`, "    builds:");
    for (const [build, dependencies] of list) {
      lines.push(
        `      ${build}:`,
        `        configure: mkdir -p "$BUILD_DIR"`,
        `        install: touch "$TMP_ROOT$ORCHESTRA_ROOT/${name}_${build}"`,
        `        dependencies: ${JSON.stringify(dependencies)}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Writes a configuration of builds by `component@build`: lines of YAML besides plain scripts. */
export function tree(builds: Readonly<Record<string, readonly string[]>>): string {
  const byName = new Map<string, [string, readonly string[]][]>();
  for (const [spec, lines] of Object.entries(builds)) {
    const [name = "", build = ""] = spec.split("@");
    byName.set(name, [...byName.get(name) ?? [], [build, lines]]);
  }
  const text = ["components:"];
  for (const [name, list] of byName) {
    text.push(`  ${name}:`, "    builds:");
    for (const [build, lines] of list) {
      const has = (key: string) => lines.some((line) => line.startsWith(key));
      text.push(`      ${build}:`);
      if (!has("configure:")) text.push('        configure: mkdir -p "$BUILD_DIR"');
      if (!has("install:")) {
        const file = `${name}_${build}`.replaceAll("/", "_");
        text.push(`        install: echo ${file} > "$TMP_ROOT$ORCHESTRA_ROOT/${file}"`);
      }
      text.push(...lines.map((line) => `        ${line}`));
    }
  }
  return `${text.join("\n")}\n`;
}

/** Whether something is at a path, be it a link that leads nowhere. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** What is there already, as a test says. */
export interface FakeWorld {
  /** Installed builds, as `a@one`, with their hashes. */
  readonly installed?: Readonly<Record<string, string>>;
  /** Builds that have an archive. */
  readonly archives?: readonly string[];
  /** Builds that are configured. */
  readonly configured?: readonly string[];
  /** Repositories that are cloned. */
  readonly cloned?: readonly string[];
  /** Commits of repositories. */
  readonly commits?: Readonly<Record<string, string>>;
}

/** Answers the lookups of the solver from memory. */
export function fakeWorld(there: FakeWorld = {}): World {
  const name = ({ component, build }: BuildTarget) => `${component}@${build}`;
  const installed = Object.entries(there.installed ?? {}).map(([spec, hash]): InstalledBuild => ({
    component: spec.split("@")[0]!,
    build: spec.split("@")[1]!,
    recursiveHash: hash,
    source: "build",
    manuallyInstalled: false,
    installTimeSeconds: 0,
    binaryArchivePath: null,
  }));
  return {
    installed: {
      get: (component) => installed.find((one) => one.component === component),
      all: () => installed,
    },
    archives: {
      find: (target) =>
        there.archives?.includes(name(target)) ? `/archives/${name(target)}` : undefined,
    },
    commits: {
      head: (repository) => ({ branch: null, commit: there.commits?.[repository] ?? null }),
    },
    isConfigured: (target) => there.configured?.includes(name(target)) ?? false,
    isCloned: (repository) => there.cloned?.includes(repository) ?? false,
  };
}
