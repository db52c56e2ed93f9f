import { OrchestraError } from "../errors.ts";
import { isMissing } from "../installed/complete_transaction.ts";
import type { Configuration } from "../model.ts";
import { fetchLfs, type FetchLfsOptions } from "./git_lfs.ts";
import { type ArchiveRemote, archiveRemotes, isAsked } from "./remote.ts";
import { type ArchiveTransfer, archiveTransfer } from "./transfer.ts";

/** So many questions are asked at a time. */
const WIDTH = 8;

/** Archives of remotes that have to be asked, and how to get them. Dispose of it. */
export class RemoteArchives implements AsyncDisposable {
  readonly #remotes: readonly ArchiveRemote[];
  readonly #transfers = new Map<string, Promise<ArchiveTransfer | undefined>>();
  readonly #known = new Set<string>();

  /**
   * Makes it; nobody is asked yet.
   *
   * @param configuration Names the remotes.
   */
  constructor(configuration: Configuration) {
    this.#remotes = archiveRemotes(configuration);
  }

  /** Whether there is a remote that has to be asked. */
  get areAsked(): boolean {
    return this.#remotes.some(isAsked);
  }

  /**
   * Asks the remotes on the network which archives they have.
   *
   * @param wanted For each build the paths that its archive may have, the preferred one first.
   * @param options Ends it early.
   * @throws {OrchestraError} when a remote cannot be reached.
   */
  async probe(
    wanted: readonly (readonly string[])[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const questions = this.#remotes.filter(isAsked)
      .flatMap((remote) => wanted.map((paths) => ({ remote, paths })));
    const ask = async ({ remote, paths }: { remote: ArchiveRemote; paths: readonly string[] }) => {
      const transfer = await this.#transfer(remote);
      for (const path of paths) {
        if (await transfer?.has(path, options)) {
          this.#known.add(`${remote.name}\0${path}`);
          return;
        }
      }
    };
    const waiting = questions.values();
    await Promise.all(Array.from({ length: WIDTH }, async () => {
      for (const question of waiting) await ask(question);
    }));
  }

  /**
   * Whether a remote is known to have an archive.
   *
   * @param remote Name of the remote.
   * @param path Relative path of the archive.
   */
  has(remote: string, path: string): boolean {
    return this.#known.has(`${remote}\0${path}`);
  }

  /**
   * Brings an archive to this machine, if it is not there.
   *
   * @param archive Absolute path, as the lookup gave it.
   * @param options For git-lfs.
   * @throws {OrchestraError} when that fails.
   */
  async fetch(archive: string, options: FetchLfsOptions): Promise<void> {
    const remote = this.#remotes.find(({ directory }) => archive.startsWith(`${directory}/`));
    if (await isThere(archive)) {
      if (remote?.kind === "git") await fetchLfs(archive, options);
      return;
    }
    const transfer = remote === undefined ? undefined : await this.#transfer(remote);
    if (transfer === undefined || remote === undefined) {
      throw new OrchestraError(`The archive ${JSON.stringify(archive)} is gone`);
    }
    await transfer.download(archive.slice(remote.directory.length + 1), options);
  }

  /**
   * Whether a remote does not have an archive yet.
   *
   * @param remote The remote.
   * @param path Relative path of the archive.
   * @param options Ends it early.
   */
  async lacks(
    remote: ArchiveRemote,
    path: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<boolean> {
    return !await (await this.#writable(remote)).has(path, options);
  }

  /**
   * Brings an archive to the remote that it was made for.
   *
   * @param remote The remote.
   * @param path Relative path of the archive.
   * @param options Ends it early.
   * @returns Whether it was not there yet.
   * @throws {OrchestraError} when the remote is a git repository, or refuses.
   */
  async push(
    remote: ArchiveRemote,
    path: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<boolean> {
    const transfer = await this.#writable(remote);
    if (await transfer.has(path, options)) return false;
    await transfer.upload(path, options);
    return true;
  }

  /** Closes the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const transfer of this.#transfers.values()) {
      await (await transfer.catch(() => undefined))?.[Symbol.asyncDispose]();
    }
  }

  async #writable(remote: ArchiveRemote): Promise<ArchiveTransfer> {
    const transfer = await this.#transfer(remote);
    if (transfer !== undefined) return transfer;
    throw new OrchestraError(
      `Cannot push to ${JSON.stringify(remote.name)}: it is a git repository, commit and push in ` +
        JSON.stringify(remote.directory),
    );
  }

  #transfer(remote: ArchiveRemote): Promise<ArchiveTransfer | undefined> {
    const known = this.#transfers.get(remote.name) ?? archiveTransfer(remote);
    this.#transfers.set(remote.name, known);
    return known;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
