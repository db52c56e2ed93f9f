import {
  extractTar,
  type TarEntry,
  type TarReadEntry,
  tarStream,
  untar,
} from "../../engine/tar/mod.ts";
import type { EngineClient } from "../../engine/mod.ts";
import { writeAtomic } from "../../files/mod.ts";
import type { PlanNode } from "../plan/model.ts";
import { matchesGlob } from "../plan/glob.ts";
import { encodeName, fitName } from "./file_word.ts";
import { OUT_DIR, PROJECT_DIR } from "./labels.ts";
import { leadsInside } from "./leads_inside.ts";
import { allFiles, lstatIfThere, projectEntries } from "./project_files.ts";

/** What is known of the files of one stage. */
interface Kept {
  /** Directory below that of the artifacts. */
  readonly dir: string;
  /** Paths below it. */
  readonly files: readonly string[];
  /** When they go, milliseconds since 1970; absent for never. */
  readonly expiresAtMs?: number;
}

/** What artifacts are taken from. */
export interface ArtifactSource {
  /** The engine. */
  readonly engine: EngineClient;
  /** Its container, which runs. */
  readonly containerId: string;
  /** The project on this machine, when the container has that itself; else it has a copy. */
  readonly boundDirectory: string | undefined;
  /** Whether the stage ended well. */
  readonly succeeded: boolean;
  /** Is told where nothing matches. */
  readonly warn: (message: string) => void;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/**
 * The files that stages hand on: `.buildr-out/artifacts/STAGE/` and, for a row of a matrix,
 * `.buildr-out/artifacts/STAGE/NAME=VALUE,…/`. The directory hides itself from git.
 */
export class ArtifactStore {
  readonly #root: string;
  #writing: Promise<void> = Promise.resolve();

  /**
   * Touches nothing yet.
   *
   * @param outDirectory `.buildr-out` of the project.
   */
  constructor(outDirectory: string) {
    this.#root = outDirectory;
  }

  /** Absolute directory of the files of a node. */
  directoryOf(node: PlanNode): string {
    return `${this.#root}/artifacts/${dirOf(node)}`;
  }

  /** Removes what has been kept for its time. */
  async expire(nowMs = Date.now()): Promise<void> {
    const kept = await this.#read();
    const old = kept.filter(({ expiresAtMs = Infinity }) => expiresAtMs <= nowMs);
    if (old.length === 0) return;
    for (const { dir, files } of old) {
      for (const file of files) {
        await Deno.remove(`${this.#root}/artifacts/${dir}/${file}`).catch(ignoreMissing);
      }
      await removeEmpty(`${this.#root}/artifacts/${dir}`);
    }
    await this.#update((now) => now.filter((one) => !old.some((gone) => isSame(one, gone))));
  }

  /**
   * Takes the artifacts of a node out of its container, in place of those of an earlier run.
   *
   * @returns Paths below `.buildr-out/artifacts`, sorted.
   */
  async take(node: PlanNode, source: ArtifactSource): Promise<readonly string[]> {
    const wanted = node.artifacts.filter(({ when }) =>
      when === "always" || (when === "success") === source.succeeded
    );
    if (node.artifacts.length === 0) return [];
    const dir = dirOf(node);
    const target = `${this.#root}/artifacts/${dir}`;
    await this.#refuseLinks(dir);
    await Deno.remove(target, { recursive: true }).catch(ignoreMissing);
    const taken: Kept[] = [];
    for (const { paths, exclude, expireMs } of wanted) {
      const files = new Set<string>();
      for (const glob of paths) {
        const found = await collect(glob, exclude, target, source);
        if (found.length === 0) source.warn(`artifacts: nothing matches "${glob}"`);
        for (const file of found) files.add(file);
      }
      if (files.size === 0) continue;
      taken.push({
        dir,
        files: [...files].toSorted(),
        ...(expireMs === undefined ? {} : { expiresAtMs: Date.now() + expireMs }),
      });
    }
    if (taken.length > 0) await hideFromGit(this.#root);
    await this.#update((now) => [...now.filter((one) => one.dir !== dir), ...taken]);
    return [...new Set(taken.flatMap(({ files }) => files))].toSorted().map((file) =>
      `${dir}/${file}`
    );
  }

  /**
   * Lists the files that a node has handed on, in this run or in an earlier one.
   *
   * @returns Paths below its directory.
   */
  async filesOf(node: PlanNode): Promise<readonly string[]> {
    const kept = (await this.#read()).filter(({ dir }) => dir === dirOf(node));
    return [...new Set(kept.flatMap(({ files }) => files))].toSorted();
  }

  /** Puts what a node has handed on into a container, at its place in the project. */
  async putInto(
    node: PlanNode,
    engine: EngineClient,
    containerId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const archive = tarStream(this.#entries(node), { signal });
    await engine.containers.putArchive(containerId, "/", archive, { signal });
  }

  async *#entries(node: PlanNode): AsyncGenerator<TarEntry> {
    const directory = this.directoryOf(node);
    const files = await this.filesOf(node);
    if (files.length === 0) return;
    const target = PROJECT_DIR.slice(1);
    for await (const entry of projectEntries(directory, files, target)) {
      if (entry.path !== target) yield entry; // the directory of the project is there already
    }
  }

  // A stage that has the project itself can put a link in the place of any of them.
  async #refuseLinks(dir: string): Promise<void> {
    let path = this.#root;
    for (const part of ["", "artifacts", ...dir.split("/")]) {
      if (part !== "") path += `/${part}`;
      if ((await lstatIfThere(path))?.isSymlink !== true) continue;
      throw new Error(`Cannot keep artifacts: ${JSON.stringify(path)} is a symbolic link`);
    }
  }

  async #read(): Promise<readonly Kept[]> {
    try {
      const index = JSON.parse(await Deno.readTextFile(this.#indexPath));
      return Array.isArray(index) ? index.filter(isKept) : [];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return [];
      throw error;
    }
  }

  // One after the other: stages end side by side.
  async #update(change: (kept: readonly Kept[]) => readonly Kept[]): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const before = await this.#read();
      const after = change(before);
      if (before.length === 0 && after.length === 0) return;
      await writeAtomic(this.#indexPath, `${JSON.stringify(after)}\n`);
    });
    await this.#writing;
  }

  get #indexPath(): string {
    return `${this.#root}/artifacts.json`;
  }
}

function isKept(value: unknown): value is Kept {
  const { dir, files } = (value ?? {}) as Partial<Kept>;
  // What is removed by it must be below the directory, whatever somebody wrote into the file.
  const isBelow = (path: unknown) =>
    typeof path === "string" && path !== "" && !path.startsWith("/") &&
    !path.split("/").includes("..");
  return isBelow(dir) && Array.isArray(files) && files.every(isBelow);
}

function isSame(a: Kept, b: Kept): boolean {
  return a.dir === b.dir && a.expiresAtMs === b.expiresAtMs;
}

/** Directory of the artifacts of a node. */
export function dirOf({ stage, row }: Pick<PlanNode, "stage" | "row">): string {
  // A name never leads to the files of another row: what is there is removed before the stage's own
  // files come.
  const word = (text: string) => encodeName(text, ",");
  const directory = fitName(word(stage.name));
  if (row === undefined) return directory;
  const values = Object.entries(row).map(([name, value]) => `${word(name)}=${word(value)}`);
  return `${directory}/${fitName(values.join(","))}`;
}

/** Makes the directory for results, which git does not see. */
export async function hideFromGit(outDirectory: string): Promise<void> {
  await Deno.mkdir(outDirectory, { recursive: true });
  const path = `${outDirectory}/.gitignore`;
  if (await lstatIfThere(path) === undefined) await Deno.writeTextFile(path, "*\n");
}

async function collect(
  glob: string,
  exclude: readonly string[],
  target: string,
  source: ArtifactSource,
): Promise<readonly string[]> {
  const wanted = glob.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "");
  // A directory stands for everything in it.
  const globs = [wanted, `${wanted}/**`];
  const left = exclude.flatMap((one) => [one, `${one.replace(/\/+$/, "")}/**`]);
  const matches = (path: string) => matchesGlob(path, globs) && !matchesGlob(path, left);
  const base = staticBase(wanted);
  const { boundDirectory } = source;
  return boundDirectory === undefined
    ? await collectFromCopy(base, matches, target, source)
    : await collectFromHost(boundDirectory, base, matches, target, source);
}

/** The directories that a glob begins with, before the first one with a wildcard. */
function staticBase(glob: string): string {
  const parts = glob.split("/");
  const first = parts.findIndex((part) => /[*?[\]{}!\\]/.test(part));
  return (first === -1 ? parts : parts.slice(0, first)).join("/");
}

async function collectFromHost(
  directory: string,
  base: string,
  matches: (path: string) => boolean,
  target: string,
  { signal }: ArtifactSource,
): Promise<readonly string[]> {
  if (!await leadsInside(directory, base)) return [];
  const info = await lstatIfThere(base === "" ? directory : `${directory}/${base}`);
  if (info === undefined) return [];
  const all = info.isDirectory ? await allFiles(directory, base, signal) : [base];
  const found = all.filter(matches);
  if (found.length === 0) return [];
  await extractTar(tarStream(projectEntries(directory, found, "x"), { signal }), target, {
    stripComponents: 1,
    symlinks: "any",
    signal,
  }).catch((error) => {
    throw new Error(`Cannot keep artifacts: ${(error as Error).message}`, { cause: error });
  });
  return found;
}

async function collectFromCopy(
  base: string,
  matches: (path: string) => boolean,
  target: string,
  { engine, containerId, signal }: ArtifactSource,
): Promise<readonly string[]> {
  const path = base === "" ? PROJECT_DIR : `${PROJECT_DIR}/${base}`;
  if (
    await engine.status({
      method: "HEAD",
      path: `/containers/${containerId}/archive`,
      query: { path },
      accept: [404],
      signal,
    }) === 404
  ) return [];
  // The archive begins with the last component of its path.
  const above = base === "" ? "" : base.split("/").slice(0, -1).map((part) => `${part}/`).join("");
  const strip = base === "" ? 1 : 0;
  const found: string[] = [];
  const archive = await engine.containers.getArchive(containerId, path, { signal });
  async function* chosen(): AsyncGenerator<TarReadEntry> {
    const below = (path: string) =>
      above + path.split("/").slice(strip).join("/").replace(/\/+$/, "");
    for await (const entry of untar(archive, { signal })) {
      const inside = below(entry.path);
      if (entry.kind === "directory" || !matches(inside)) continue;
      const linked = entry.kind === "hardlink" ? below(entry.target) : undefined;
      // The file that it is another name of was left out, and its bytes with it.
      if (linked !== undefined && !found.includes(linked)) continue;
      found.push(inside);
      yield {
        ...entry,
        path: inside,
        ...(linked === undefined ? {} : { target: linked }),
      } as TarReadEntry;
    }
  }
  await extractTar(tarStream(chosen(), { signal }), target, { symlinks: "any", signal });
  return found;
}

async function removeEmpty(directory: string): Promise<void> {
  const info = await lstatIfThere(directory);
  if (info?.isDirectory !== true) return;
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) await removeEmpty(`${directory}/${name}`);
  }
  for await (const _entry of Deno.readDir(directory)) return;
  await Deno.remove(directory);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** Where results of a project go. */
export function outDirectoryOf(directory: string): string {
  return `${directory}/${OUT_DIR}`;
}
