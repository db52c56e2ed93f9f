import { existsInContainer } from "../../containers/copy.ts";
import { execInContainer } from "../../containers/exec.ts";
import { cacheDirectory, type EngineClient, type ReadEnv } from "../../engine/mod.ts";
import { FileLock } from "../../files/mod.ts";
import type { PlannedCache } from "../plan/model.ts";
import { PROJECT_DIR } from "./labels.ts";

/** All caches of all projects together; the ones that were used longest ago go first. */
const LIMIT_BYTES = 10 * 1024 ** 3;
/** Overrides the limit, in bytes. */
const LIMIT_VARIABLE = "BUILDR_CACHE_LIMIT_BYTES";

/** What a cache is used in. */
export interface CacheTarget {
  /** The engine. */
  readonly engine: EngineClient;
  /** A container that runs. */
  readonly containerId: string;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

interface CacheRecord {
  /** Its key, as the manifest has it. */
  readonly key: string;
  /** Its paths; others are another cache. */
  readonly paths: readonly string[];
  /** Which of them there is an archive of. */
  readonly present: readonly boolean[];
}

/**
 * Files that are kept from run to run, below `$XDG_CACHE_HOME/superorch/buildr/caches`: one
 * directory a key, with a tar archive of each path and a record that says what they are. A key is
 * replaced as a whole, so a reader sees the old content or the new one.
 */
export class CacheStore {
  readonly #root: string;
  readonly #project: string;
  readonly #limitBytes: number;

  /**
   * Touches nothing yet.
   *
   * @param project What tells projects apart: 16 hexadecimal digits.
   * @param env Reads `XDG_CACHE_HOME`, `HOME` and `BUILDR_CACHE_LIMIT_BYTES`.
   */
  constructor(project: string, env: ReadEnv) {
    this.#root = `${cacheDirectory(env)}/buildr/caches`;
    this.#project = project;
    const limit = Number(env(LIMIT_VARIABLE) || LIMIT_BYTES);
    this.#limitBytes = limit >= 0 ? limit : LIMIT_BYTES;
  }

  /**
   * Puts a cache into a container: that of the key, else the newest one that a fallback begins.
   *
   * @returns The key that was found; `undefined` when there is none.
   */
  async restore(cache: PlannedCache, target: CacheTarget): Promise<string | undefined> {
    const found = await this.#find(cache);
    if (found === undefined) return undefined;
    const { directory, record } = found;
    for (const [index, path] of cache.paths.entries()) {
      if (record.present[index] !== true) continue;
      const inside = insideOf(path);
      const parent = inside.slice(0, inside.lastIndexOf("/")) || "/";
      await makeDirectory(parent, target);
      const file = await Deno.open(`${directory}/${index}.tar`);
      await target.engine.containers.putArchive(target.containerId, parent, file.readable, {
        signal: target.signal,
      });
    }
    const now = new Date();
    await Deno.utime(`${directory}/record.json`, now, now);
    return record.key;
  }

  /**
   * Takes a cache out of a container, in place of what has its key; then removes what is too much.
   *
   * @returns How many of its paths there were.
   */
  async save(cache: PlannedCache, target: CacheTarget): Promise<number> {
    const parent = `${this.#root}/${this.#project}`;
    await Deno.mkdir(parent, { recursive: true });
    const temporary = await Deno.makeTempDir({ dir: parent, prefix: ".new-" });
    try {
      const present: boolean[] = [];
      for (const [index, path] of cache.paths.entries()) {
        present.push(await saveTar(insideOf(path), `${temporary}/${index}.tar`, target));
      }
      if (!present.includes(true)) return 0;
      const record: CacheRecord = { key: cache.key, paths: cache.paths, present };
      await Deno.writeTextFile(`${temporary}/record.json`, `${JSON.stringify(record)}\n`);
      await using _lock = await FileLock.acquire(`${this.#root}/lock`, { signal: target.signal });
      const final = `${parent}/${await directoryName(cache)}`;
      await removeQuietly(final);
      await Deno.rename(temporary, final);
      await this.#prune(final);
      return present.filter((is) => is).length;
    } finally {
      await removeQuietly(temporary);
    }
  }

  /** Where the caches of the project are. */
  get directory(): string {
    return `${this.#root}/${this.#project}`;
  }

  async #find(cache: PlannedCache) {
    const own = (await this.#entries(this.#project)).filter(({ record }) =>
      JSON.stringify(record.paths) === JSON.stringify(cache.paths)
    ).toSorted((a, b) => b.usedAtMs - a.usedAtMs);
    const exact = own.find(({ record }) => record.key === cache.key);
    if (exact !== undefined) return exact;
    for (const beginning of cache.fallback) {
      const match = own.find(({ record }) => record.key.startsWith(beginning));
      if (match !== undefined) return match;
    }
    return undefined;
  }

  async #entries(project: string) {
    const parent = `${this.#root}/${project}`;
    const found: { directory: string; record: CacheRecord; usedAtMs: number; bytes: number }[] = [];
    for (const name of await namesIn(parent)) {
      if (name.startsWith(".")) continue;
      const directory = `${parent}/${name}`;
      try {
        const record = JSON.parse(await Deno.readTextFile(`${directory}/record.json`));
        const info = await Deno.stat(`${directory}/record.json`);
        let bytes = 0;
        for (const file of await namesIn(directory)) {
          bytes += (await Deno.stat(`${directory}/${file}`)).size;
        }
        found.push({ directory, record, bytes, usedAtMs: info.mtime?.getTime() ?? 0 });
      } catch (error) {
        // Somebody else is just replacing or removing it, or it is not one of ours.
        if (!(error instanceof Deno.errors.NotFound || error instanceof SyntaxError)) throw error;
      }
    }
    return found;
  }

  async #prune(newest: string): Promise<void> {
    const all = [];
    for (const project of await namesIn(this.#root)) {
      if (/^[0-9a-f]{16}$/.test(project)) all.push(...await this.#entries(project));
    }
    let bytes = all.reduce((sum, one) => sum + one.bytes, 0);
    for (const one of all.toSorted((a, b) => a.usedAtMs - b.usedAtMs)) {
      if (bytes <= this.#limitBytes) return;
      if (one.directory === newest) continue;
      await removeQuietly(one.directory);
      bytes -= one.bytes;
    }
  }
}

function insideOf(path: string): string {
  const absolute = path.startsWith("/") ? path : `${PROJECT_DIR}/${path}`;
  return absolute.replace(/\/(?:\.?\/)+/g, "/").replace(/(.)\/+$/, "$1");
}

async function saveTar(path: string, file: string, target: CacheTarget): Promise<boolean> {
  const { engine, containerId, signal } = target;
  if (!await existsInContainer(engine, containerId, path, { signal })) return false;
  const archive = await engine.containers.getArchive(containerId, path, { signal });
  await Deno.writeFile(file, archive, { signal });
  return true;
}

async function makeDirectory(path: string, target: CacheTarget): Promise<void> {
  const { engine, containerId, signal } = target;
  if (await existsInContainer(engine, containerId, path, { signal })) return;
  await execInContainer(engine, containerId, ["mkdir", "-p", path], { user: "0", signal });
}

async function directoryName({ key, paths }: PlannedCache): Promise<string> {
  const readable = key.replace(/[^a-zA-Z0-9_.-]+/g, "-").replace(/^\.+/, "").slice(0, 60);
  return `${readable}-${await shortHash(JSON.stringify([key, paths]))}`;
}

/** The first 16 hexadecimal digits of a SHA-256. */
export async function shortHash(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 16);
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !isNotDirectory(error)) throw error;
  }
  return names;
}

function isNotDirectory(error: unknown): boolean {
  return error instanceof Deno.errors.NotADirectory;
}

async function removeQuietly(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
