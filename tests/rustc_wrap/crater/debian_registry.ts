/** Crates of Debian, unpacked as a directory source for cargo. */
export interface DebianRegistry {
  /** What `[source.…] directory` names. */
  readonly directory: string;
  /** All packages in it. */
  readonly packages: readonly VendoredPackage[];
  /** Packages of Debian that are no crates and that some crate needs, and this machine has. */
  readonly libraries: readonly string[];
  /** The same, which this machine has not. */
  readonly missing: readonly string[];
  /** Wanted crates that Debian has not, or whose dependencies it has not. */
  readonly unknown: readonly string[];
}

/** One package of a directory source. */
export interface VendoredPackage {
  /** As in `Cargo.toml`. */
  readonly name: string;
  /** As in `Cargo.toml`. */
  readonly version: string;
  /** Absolute. */
  readonly directory: string;
  /** What its library is called in code; `undefined` where it has none. */
  readonly library: string | undefined;
}

const REGISTRY = "usr/share/cargo/registry";
/** Hundreds of small packages over a slow line. */
const LIMIT_MS = 900_000;

/**
 * Downloads crates with all that their default features need, and unpacks them. Nothing is
 * installed. What is there already is not downloaded again.
 *
 * @param root Where: `registry` and `debs` are made in it.
 * @param crates Names as Debian has them: `serde-derive`, `clap-3`.
 * @param note Takes lines about what is going on.
 * @returns The source.
 * @throws {Error} when the packages cannot be had.
 */
export async function debianRegistry(
  root: string,
  crates: readonly string[],
  note: (line: string) => void = () => {},
): Promise<DebianRegistry> {
  const apt = new Apt(root);
  await apt.update();
  const known = new Set((await output("apt-cache", [...apt.options, "pkgnames", "librust-"]))
    .split("\n"));
  const unknown = crates.filter((name) => !known.has(`librust-${name}-dev`));
  const wanted = crates.filter((name) => known.has(`librust-${name}-dev`));
  note(`downloading ${wanted.length} crates of Debian with their dependencies`);
  unknown.push(...await apt.download(wanted, known));
  await Deno.mkdir(`${root}/files`, { recursive: true });
  const needed = new Set<string>();
  const outside = new Set<string>();
  for (const { name } of [...Deno.readDirSync(`${root}/debs`)]) {
    if (!name.endsWith(".deb")) continue;
    const file = `${root}/debs/${name}`;
    if (!name.startsWith("librust-")) {
      outside.add(name.slice(0, name.indexOf("_")));
      continue;
    }
    const depends = await output("dpkg-deb", ["-f", file, "Depends"]);
    for (const word of depends.split(/[,|]\s*/)) {
      const wantedName = word.trim().split(/[\s:(]/)[0]!;
      if (wantedName !== "" && !wantedName.startsWith("librust-")) needed.add(wantedName);
    }
    const done = `${root}/files/.${name}`;
    if (await exists(done)) continue;
    await output("dpkg-deb", ["-x", file, `${root}/files`]);
    await Deno.writeTextFile(done, "");
  }
  const installed = await installedPackages();
  const directory = `${root}/files/${REGISTRY}`;
  return {
    directory,
    packages: vendoredPackages(directory),
    libraries: [...needed].filter((name) => installed.has(name)).sort(),
    missing: [...needed].filter((name) => !installed.has(name) && outside.has(name)).sort(),
    unknown: unknown.sort(),
  };
}

/**
 * Finds the package that Debian's name of a crate stands for: `clap-3` is the newest 3 of `clap`.
 *
 * @param packages All that there are.
 * @param crate Debian's name.
 * @returns The package.
 */
export function packageOf(
  packages: readonly VendoredPackage[],
  crate: string,
): VendoredPackage | undefined {
  const debian = (name: string) => name.toLowerCase().replaceAll("_", "-");
  const named = packages.filter(({ name }) => debian(name) === crate);
  const [, base, version] = /^(.*)-(\d[\d.]*)$/.exec(crate) ?? [];
  const found = named.length > 0
    ? named
    : packages.filter((candidate) =>
      debian(candidate.name) === base && `${candidate.version}.`.startsWith(`${version}.`)
    );
  return found.toSorted((a, b) => b.version.localeCompare(a.version, "en", { numeric: true }))[0];
}

/** Reads a directory source. */
export function vendoredPackages(directory: string): VendoredPackage[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort().flatMap((name) => {
    const text = Deno.readTextFileSync(`${directory}/${name}/Cargo.toml`);
    const table = (title: string) =>
      new RegExp(`^\\[${title}\\]\\n((?:(?!\\[).*\\n?)*)`, "m").exec(text)?.[1] ?? "";
    const value = (of: string, key: string) =>
      new RegExp(`^${key} *= *"([^"]*)"`, "m").exec(of)?.[1];
    const own = table("package");
    const [crate, version] = [value(own, "name"), value(own, "version")];
    if (crate === undefined || version === undefined) return [];
    const hasLibrary = text.includes("\n[lib]") ||
      existsSync(`${directory}/${name}/src/lib.rs`);
    const library = (value(table("lib"), "name") ?? crate).replaceAll("-", "_");
    return [{
      name: crate,
      version,
      directory: `${directory}/${name}`,
      library: hasLibrary ? library : undefined,
    }];
  });
}

class Apt {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Lists of our own, and no lock of the machine's. */
  get options(): string[] {
    return [
      `Dir::State::lists=${this.#root}/lists`,
      `Dir::Cache=${this.#root}/cache`,
      `Dir::Cache::archives=${this.#root}/debs`,
      "Debug::NoLocking=true",
      "APT::Sandbox::User=",
      "Acquire::Retries=1",
      "Acquire::http::Timeout=10",
    ].flatMap((setting) => ["-o", setting]);
  }

  async update(): Promise<void> {
    if (await exists(`${this.#root}/lists/done`)) return;
    for (const name of ["lists/partial", "cache", "debs/partial"]) {
      await Deno.mkdir(`${this.#root}/${name}`, { recursive: true });
    }
    await output("apt-get", [...this.options, "-qq", "--error-on=any", "update"]);
    await Deno.writeTextFile(`${this.#root}/lists/done`, "");
  }

  /** Downloads all that can be had together; returns what cannot be had at all. */
  async download(crates: readonly string[], known: ReadonlySet<string>): Promise<string[]> {
    if (crates.length === 0) return [];
    const packages = crates.flatMap((name) =>
      [`librust-${name}-dev`, `librust-${name}+default-dev`].filter((item) => known.has(item))
    );
    try {
      await output("apt-get", [
        ...this.options,
        ...["-qq", "-y", "--no-install-recommends", "--download-only", "install"],
        ...packages,
      ]);
      return [];
    } catch (error) {
      // One that cannot be installed, or two that exclude each other, spoil it for all.
      if (!(error instanceof CommandError)) throw error;
      if (crates.length === 1) return [crates[0]!];
      const half = crates.length >> 1;
      return [
        ...await this.download(crates.slice(0, half), known),
        ...await this.download(crates.slice(half), known),
      ];
    }
  }
}

class CommandError extends Error {}

async function installedPackages(): Promise<ReadonlySet<string>> {
  const lines = await output("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n"]);
  return new Set(
    lines.split("\n").filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]!),
  );
}

async function output(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env: { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).output();
  if (!success) {
    throw new CommandError(`${program}: ${new TextDecoder().decode(stderr).trim()}`);
  }
  return new TextDecoder().decode(stdout);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function existsSync(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
