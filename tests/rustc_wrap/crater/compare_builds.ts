import type { BuiltUnit, CargoReport } from "./cargo_messages.ts";

/** One of two builds that are compared. */
export interface FinishedBuild {
  /** Cargo's exit code. */
  readonly code: number;
  /** What it told. */
  readonly report: CargoReport;
  /** Where its target directory is now. */
  readonly target: string;
}

/**
 * Compares two builds of the same at the same place: exit code, all that cargo told, and every file
 * byte by byte, also what build scripts have made.
 *
 * @param plain What is right.
 * @param other What is looked at.
 * @param built The target directory that both were built in; they have been moved since.
 * @returns One line for each difference; none for equal builds.
 */
export async function compareBuilds(
  plain: FinishedBuild,
  other: FinishedBuild,
  built: string,
): Promise<readonly string[]> {
  const differences: string[] = [];
  if (plain.code !== other.code) differences.push(`exit code ${other.code} for ${plain.code}`);
  differences.push(...differentLines(plain.report.told, other.report.told));
  const moved = (path: string, { target }: FinishedBuild) => target + path.slice(built.length);
  for (const unit of plain.report.units) {
    for (const file of unit.files) {
      const twin = isScript(unit) ? await realScript(moved(file, other)) : moved(file, other);
      if (await digest(moved(file, plain)) !== await digest(twin)) {
        differences.push(`bytes of ${unit.name} (${unit.kind}): ${file.slice(built.length + 1)}`);
      }
    }
  }
  for (const directory of plain.report.outDirs) {
    const [left, right] = await Promise.all(
      [plain, other].map((build) => treeDigests(moved(directory, build))),
    );
    for (const path of new Set([...left!.keys(), ...right!.keys()])) {
      if (left!.get(path) !== right!.get(path)) {
        differences.push(`bytes of ${directory.slice(built.length + 1)}/${path}`);
      }
    }
  }
  return differences;
}

const MAX_LINES = 6;

function differentLines(plain: readonly string[], other: readonly string[]): string[] {
  const [missing, added] = [without(plain, other), without(other, plain)];
  return [
    ...missing.slice(0, MAX_LINES).map((line) => `not told: ${clip(line)}`),
    ...added.slice(0, MAX_LINES).map((line) => `told: ${clip(line)}`),
  ];
}

/** Lines of one list that the other has not, or not as often. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

function clip(line: string): string {
  if (!line.startsWith("{")) return line.slice(0, 300);
  const { reason, message, target, ...rest } = JSON.parse(line);
  return `${reason} ${target?.name ?? ""} ${message?.rendered ?? JSON.stringify(rest)}`
    .replace(/\s+/g, " ").slice(0, 300);
}

function isScript({ kind }: BuiltUnit): boolean {
  return kind === "custom-build";
}

/** In place of a build script that was made in a container is a small program that starts it. */
async function realScript(path: string): Promise<string> {
  const slash = path.lastIndexOf("/");
  const directory = path.slice(0, slash);
  const prefix = `_${path.slice(slash + 1).replaceAll("-", "_")}-`;
  for await (const { name } of Deno.readDir(directory)) {
    if (name.startsWith(prefix) && !name.endsWith(".d")) return `${directory}/${name}`;
  }
  return path;
}

async function digest(path: string): Promise<string> {
  try {
    const bytes = await Deno.readFile(path);
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "not there";
    throw error;
  }
}

async function treeDigests(directory: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const walk = async (below: string): Promise<void> => {
    for (const { name, isDirectory, isSymlink } of entriesOf(`${directory}${below}`)) {
      const path = `${below}/${name}`;
      if (isDirectory) await walk(path);
      else if (isSymlink) digests.set(path, Deno.readLinkSync(`${directory}${path}`));
      else digests.set(path, await digest(`${directory}${path}`));
    }
  };
  await walk("");
  return digests;
}

function entriesOf(directory: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(directory)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
