/** A package that is installed on this machine. */
export interface DebianPackage {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** What it is built for. */
  readonly architecture: string;
  /** Whether every system has it. */
  readonly essential: boolean;
  /** What it needs: one of each group. */
  readonly depends: readonly (readonly string[])[];
  /** Other names that it answers to. */
  readonly provides: readonly string[];
}

/** What is installed, by name; a name that several provide has several. */
export type InstalledPackages = ReadonlyMap<string, readonly DebianPackage[]>;

/** Reads which packages are installed. */
export function readPackages(status: string): InstalledPackages {
  const packages = new Map<string, DebianPackage[]>();
  for (const paragraph of status.split("\n\n")) {
    const field = (name: string) =>
      new RegExp(`^${name}: (.*(?:\n[ \t].*)*)`, "m").exec(paragraph)?.[1] ?? "";
    if (!/^Status: \S+ ok installed$/m.test(paragraph)) continue;
    const found: DebianPackage = {
      name: field("Package"),
      version: field("Version"),
      architecture: field("Architecture"),
      essential: field("Essential") === "yes",
      depends: [...groups(field("Pre-Depends")), ...groups(field("Depends"))],
      provides: groups(field("Provides")).flat(),
    };
    for (const name of [found.name, ...found.provides]) {
      packages.set(name, [...packages.get(name) ?? [], found]);
    }
  }
  return packages;
}

/** Names without versions; `:any` says that another architecture's will do, which is found anyway. */
function groups(text: string): string[][] {
  return text.split(",").map((group) =>
    group.split("|").map((name) => name.trim().replace(/\s.*$|\(.*$|:any$/s, "")).filter(Boolean)
  ).filter((group) => group.length > 0);
}

/** Names one package of several that are built for different processors. */
export function fullName({ name, architecture }: DebianPackage): string {
  return `${name}:${architecture}`;
}

/** What programs of this machine are built for: dpkg itself is. */
export function ownArchitecture(packages: InstalledPackages): string {
  return packages.get("dpkg")?.find(({ name }) => name === "dpkg")?.architecture ?? "";
}

/**
 * Packages with everything that they need. What is built for another architecture needs libraries
 * of that one, and programs of either.
 *
 * @param packages What is installed.
 * @param wanted Names, some as `name:architecture`.
 * @returns The packages by name, and the wanted names that are not installed.
 */
export function packageClosure(
  packages: InstalledPackages,
  wanted: Iterable<string>,
): { readonly found: readonly DebianPackage[]; readonly missing: readonly string[] } {
  const own = ownArchitecture(packages);
  const found = new Map<string, DebianPackage>();
  const missing: string[] = [];
  const waiting: DebianPackage[] = [];
  const take = (choices: readonly DebianPackage[]) => {
    for (const choice of choices) {
      if (found.has(fullName(choice))) continue;
      found.set(fullName(choice), choice);
      waiting.push(choice);
    }
  };
  for (const name of wanted) {
    const choices = candidates(packages, name, own);
    if (choices.length === 0) missing.push(name);
    else take(choices);
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const architecture = next.architecture === "all" ? own : next.architecture;
    // What is installed has its needs met, so one of each group is there, or it is forced.
    for (const group of next.depends) {
      take(group.flatMap((name) => candidates(packages, name, architecture)));
    }
  }
  const sorted = [...found.values()].sort((a, b) => fullName(a) < fullName(b) ? -1 : 1);
  return { found: sorted, missing };
}

/** Who answers to a name: those of the architecture, else of any; a name may say which. */
export function candidates(
  packages: InstalledPackages,
  written: string,
  architecture: string,
): readonly DebianPackage[] {
  const [name = "", wanted] = written.split(":", 2);
  const all = packages.get(name) ?? [];
  const fitting = all.filter((found) =>
    [wanted ?? architecture, "all"].includes(found.architecture)
  );
  return fitting.length > 0 || wanted !== undefined ? fitting : all;
}

const LISTS = "/var/lib/dpkg/info";

/** The paths that a package has brought. */
export function packageFiles({ name, architecture }: DebianPackage): string[] {
  for (const stem of [`${name}:${architecture}`, name]) {
    try {
      return Deno.readTextFileSync(`${LISTS}/${stem}.list`).trim().split("\n");
    } catch {
      // only packages that can be installed for several architectures have the longer name
    }
  }
  return [];
}

/**
 * The installed packages that paths belong to. Directories belong to many, and each is given.
 *
 * @param paths Absolute paths.
 * @returns Names, with the architecture where several may be installed, by path.
 */
export function ownersOf(paths: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const owners = new Map([...paths].map((path) => [path, [] as string[]]));
  if (owners.size === 0) return owners;
  for (const { name } of Deno.readDirSync(LISTS)) {
    if (!name.endsWith(".list")) continue;
    const list = `\n${Deno.readTextFileSync(`${LISTS}/${name}`)}`;
    for (const [path, names] of owners) {
      // `/lib` is a link to `/usr/lib`, and packages name their files either way.
      const other = path.startsWith("/usr/") ? path.slice("/usr".length) : `/usr${path}`;
      if (list.includes(`\n${path}\n`) || list.includes(`\n${other}\n`)) {
        names.push(name.replace(/\.list$/, ""));
      }
    }
  }
  return owners;
}
