import { joinPath, parentOf } from "../_paths.ts";
import type { BlobStore, Env, Settings } from "../model.ts";
import { DirectoryStore } from "./directory_store.ts";
import { GuardedStore, type GuardOptions } from "./guarded_store.ts";
import { HttpStore } from "./http_store.ts";

/** Around the shared places of a build. */
export interface SharedOptions extends Pick<GuardOptions, "hasFailed" | "onFailure"> {
  /** Variables: a CI service tells the branch in one. */
  readonly env: Env;
  /** Where the repository is whose branch `{branch}` stands for. */
  readonly cwd: string;
}

/**
 * Opens the shared places of the settings, each once, in their order.
 *
 * @param settings Where from and where to.
 * @param options Branch and failures.
 * @returns The places.
 * @throws {TypeError} when an address or a repository's name is none.
 */
export async function openShared(
  settings: Pick<Settings, "cacheFrom" | "cacheTo">,
  options: SharedOptions,
): Promise<readonly BlobStore[]> {
  const places = [...new Set([...settings.cacheFrom, ...settings.cacheTo])];
  const stores: BlobStore[] = [];
  for (const place of places) {
    const inner = await openPlace(fillIn(place, options));
    stores.push(
      new GuardedStore(inner, {
        reads: settings.cacheFrom.includes(place),
        writes: settings.cacheTo.includes(place),
        hasFailed: options.hasFailed,
        onFailure: options.onFailure,
      }),
    );
  }
  return stores;
}

async function openPlace(place: string): Promise<BlobStore> {
  if (place.startsWith("/")) return new DirectoryStore(place);
  if (!place.startsWith("docker-image://")) return new HttpStore(place);
  const { RegistryStore } = await import("./registry_store.ts");
  return new RegistryStore(place.slice("docker-image://".length));
}

/** Puts the branch in for `{branch}`, in letters that a tag may have. */
export function fillIn(place: string, { env, cwd }: Pick<SharedOptions, "env" | "cwd">): string {
  return place.replaceAll("{branch}", () => {
    const branch = env["GITHUB_HEAD_REF"] || env["GITHUB_REF_NAME"] || env["CI_COMMIT_REF_NAME"] ||
      branchOf(cwd) || "none";
    return branch.replace(/[^\w.-]+/g, "-").replace(/^[.-]+/, "").slice(0, 40) || "none";
  });
}

function branchOf(cwd: string): string | undefined {
  for (let directory = cwd;; directory = parentOf(directory)) {
    try {
      const git = joinPath(directory, ".git");
      // In a worktree, it is a file that names the directory.
      const place = Deno.statSync(git).isFile
        ? joinPath(directory, Deno.readTextFileSync(git).replace(/^gitdir: /, "").trim())
        : git;
      const head = Deno.readTextFileSync(`${place}/HEAD`).trim();
      return /^ref: refs\/heads\/(.+)$/.exec(head)?.[1] ?? head.slice(0, 12);
    } catch {
      if (directory === "/" || parentOf(directory) === directory) return undefined;
    }
  }
}
