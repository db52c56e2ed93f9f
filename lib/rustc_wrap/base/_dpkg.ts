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

/** Reads which packages are installed, by name; a name that several provide has several. */
export function readPackages(status: string): ReadonlyMap<string, readonly DebianPackage[]> {
  const packages = new Map<string, DebianPackage[]>();
  for (const paragraph of status.split("\n\n")) {
    const field = (name: string) =>
      new RegExp(`^${name}: (.*(?:\n[ \t].*)*)`, "m").exec(paragraph)?.[1] ?? "";
    if (!/^Status: install ok installed$/m.test(paragraph)) continue;
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

function groups(text: string): string[][] {
  return text.split(",").map((group) =>
    group.split("|").map((name) => name.trim().replace(/[\s:(].*$/s, "")).filter(Boolean)
  ).filter((group) => group.length > 0);
}

/**
 * Packages with everything that they need.
 *
 * @param packages What is installed.
 * @param wanted Names.
 * @returns The packages by name, and the wanted names that are not installed.
 */
export function packageClosure(
  packages: ReadonlyMap<string, readonly DebianPackage[]>,
  wanted: Iterable<string>,
): { readonly found: readonly DebianPackage[]; readonly missing: readonly string[] } {
  const found = new Map<string, DebianPackage>();
  const missing: string[] = [];
  const waiting: (readonly string[])[] = [];
  const take = (choices: readonly DebianPackage[]) => {
    for (const choice of choices) {
      if (found.has(choice.name)) continue;
      found.set(choice.name, choice);
      waiting.push(...choice.depends);
    }
  };
  for (const name of wanted) {
    const choices = packages.get(name);
    if (choices === undefined) missing.push(name);
    else take(choices);
  }
  for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
    // What is installed has its needs met, so one of each group is there, or it is forced.
    take(group.flatMap((name) => packages.get(name) ?? []));
  }
  const sorted = [...found.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  return { found: sorted, missing };
}

/** The paths that a package has brought. */
export function packageFiles({ name, architecture }: DebianPackage): string[] {
  for (const stem of [`${name}:${architecture}`, name]) {
    try {
      return Deno.readTextFileSync(`/var/lib/dpkg/info/${stem}.list`).trim().split("\n");
    } catch {
      // only packages that can be installed for several architectures have the longer name
    }
  }
  return [];
}

/** The installed package that a file belongs to. */
export function ownerOf(path: string): string | undefined {
  for (const { name } of Deno.readDirSync("/var/lib/dpkg/info")) {
    if (!name.endsWith(".list")) continue;
    const list = Deno.readTextFileSync(`/var/lib/dpkg/info/${name}`);
    if (`\n${list}`.includes(`\n${path}\n`)) return name.replace(/(?::[^:]+)?\.list$/, "");
  }
  return undefined;
}
