import { hashMaterialPath } from "../archives/archive_path.ts";
import { candidates } from "../archives/find_archive.ts";
import { requireGitLfs } from "../archives/git_lfs.ts";
import { archiveRemotes, remoteForNewArchives } from "../archives/remote.ts";
import { command } from "../../commands/mod.ts";
import { OrchestraError } from "../errors.ts";
import { localHead } from "../git/local_head.ts";
import { isMissing } from "../installed/complete_transaction.ts";
import {
  type BuildTarget,
  type Configuration,
  type Hashes,
  type Plan,
  qualifiedName,
  type World,
} from "../model.ts";
import { joinPath, parentPath } from "../_path.ts";
import { isCloned, repositoryDirectory } from "./sources.ts";

/** An archive that a plan cannot do without is not there. */
export class ArchiveNotFoundError extends OrchestraError {
  /** The name of the class. */
  override readonly name: string = "ArchiveNotFoundError";
  /** The build that it is for. */
  readonly target: BuildTarget;
  /** Relative path of the archive. */
  readonly path: string;

  /**
   * Makes the error.
   *
   * @param target The build that it is for.
   * @param path Relative path of the archive.
   * @param difference What the material of its hash has that the nearest archive's has not.
   */
  constructor(target: BuildTarget, path: string, difference: string) {
    super(
      `Binary archive ${path} for ${qualifiedName(target)} not found. ` +
        "Try `orc update` or run `orc install -b`" +
        (difference === "" ? "" : `\n${difference}`),
    );
    this.target = target;
    this.path = path;
  }
}

/** What a plan is checked against. */
export interface PrerequisiteOptions {
  /** Names remotes and repositories. */
  readonly configuration: Configuration;
  /** What is there. */
  readonly world: World;
  /** The hashes of the components. */
  readonly hashes: Hashes;
  /** Whether what is built will be archived. */
  readonly createBinaryArchives?: boolean;
  /** Commits that all repositories of the plan must be at. */
  readonly pinned?: ReadonlyMap<string, string>;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/**
 * Checks that everything that a plan needs is there, before anything is done.
 *
 * @param plan The plan.
 * @param options What it is checked against.
 * @throws {OrchestraError} when a commit is not known, git-lfs is missing, or new archives have no
 * place to go to.
 * @throws {ArchiveNotFoundError} when something may not be built and has no archive.
 */
export async function checkPrerequisites(
  plan: Plan,
  { configuration, world, hashes, createBinaryArchives, pinned, signal }: PrerequisiteOptions,
): Promise<void> {
  let usesArchives = false;
  for (const { action } of plan.actions) {
    if (action.kind === "clone") continue;
    usesArchives = true;
    const repository = configuration.components.get(action.component)?.repository ?? null;
    if (repository !== null && pinned !== undefined) {
      requirePinned(configuration, repository, pinned);
    }
    if (repository !== null && world.commits.head(repository).commit === null) {
      throw new OrchestraError(
        `HEAD commit for ${action.component} not available. Run \`orc update\`.`,
      );
    }
    if (action.kind !== "install") continue;
    const hash = () => hashes.recursiveHash(action.component);
    const archive = action.allowArchive ? world.archives.find(action, hash) : undefined;
    if (archive !== undefined) continue;
    if (!action.allowBuild) {
      const [path = ""] = candidates(configuration, world.commits, action, hash());
      const material = hashes.hashMaterial(action.component);
      const difference = await nearestDifference(configuration, path, material, signal);
      throw new ArchiveNotFoundError(action, path, difference);
    }
    if (createBinaryArchives === true) remoteForNewArchives(configuration, action.component);
  }
  // Whoever has no archives from git has no need of it.
  const hasGit = archiveRemotes(configuration).some(({ kind }) => kind === "git");
  if (usesArchives && hasGit) await requireGitLfs({ ...(signal ? { signal } : {}) });
}

/** A clone is the user's: it is not moved to the commit that is locked. */
function requirePinned(
  configuration: Configuration,
  repository: string,
  pinned: ReadonlyMap<string, string>,
): void {
  const wanted = pinned.get(repository);
  if (wanted === undefined) {
    throw new OrchestraError(`${repository} is not locked. Run \`orc lock\` again`);
  }
  const directory = repositoryDirectory(configuration, repository);
  const head = isCloned(configuration, repository) ? localHead(directory) : undefined;
  if (head === undefined || head.commit === wanted) return;
  throw new OrchestraError(
    `${repository} is at commit ${head.commit}, and is locked at ${wanted}. Check that out in ` +
      `${JSON.stringify(directory)}, or run \`orc lock\` again`,
  );
}

/** Shows how the material of a hash differs from that of the newest archive of the build. */
async function nearestDifference(
  configuration: Configuration,
  path: string,
  material: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  let nearest: { readonly path: string; readonly differing: number } | undefined;
  const lines = new Set(material.split("\n"));
  for (const remote of archiveRemotes(configuration)) {
    const directory = joinPath(remote.directory, parentPath(path));
    for (const name of namesIn(directory).sort()) {
      if (!name.endsWith(".hash-material.yml")) continue;
      const file = joinPath(directory, name);
      if (name === hashMaterialPath(path).slice(parentPath(path).length + 1)) continue;
      const theirs = (await Deno.readTextFile(file)).split("\n");
      const differing = theirs.filter((line) => !lines.has(line)).length;
      if (nearest === undefined || differing < nearest.differing) {
        nearest = { path: file, differing };
      }
    }
  }
  if (nearest === undefined) return "";
  const diff = command(["diff", "-U", "8", "--label", nearest.path, "--label", "current"], {
    args: [nearest.path, "-"],
    env: { LC_ALL: "C" },
  });
  try {
    const result = await diff.runWithInput(material, { ...(signal ? { signal } : {}) });
    return `The hash material of the nearest archive differs:\n${result.stdoutLossy()}`;
  } catch {
    signal?.throwIfAborted();
    return ""; // no diff on this machine: what is missing has been told
  }
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
