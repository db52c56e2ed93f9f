import { parseTemplate } from "../manifest/interpolation.ts";
import type { Manifest } from "../manifest/model.ts";
import type { RunFacts } from "./model.ts";
import { hashFiles } from "./hash_files.ts";

/** How facts are found out. */
export interface FactOptions {
  /** The runner's environment. Default `Deno.env.toObject()`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables on top of the manifest's. Default none. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What changed files are counted from: a commit or a branch. Default: where the branch began. */
  readonly since?: string;
  /** Ends the search. */
  readonly signal?: AbortSignal;
}

/** Git asks nobody anything here, and its locks would disturb a person at work. */
const GIT_ENV = { GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" };
const GIT_TIMEOUT_MS = 10_000;

/**
 * Finds out what a plan depends on: branch, tag and commit, changed files where a stage asks for
 * them, and hashes of files. Without git, or outside of a repository, those are empty.
 *
 * Permissions: `--allow-read` of the project, `--allow-run=git`; `--allow-env` unless `env` is given.
 *
 * @param manifest The manifest.
 * @param options The runner's environment, and what else is known.
 */
export async function gatherFacts(
  manifest: Manifest,
  options: FactOptions = {},
): Promise<RunFacts> {
  const { directory } = manifest;
  const { variables = {}, signal, since } = options;
  const env = options.env ?? Deno.env.toObject();
  const wantsChanges = manifest.stages.some(({ when }) => when.changes !== undefined);
  const [commit, branch, tag, changedFiles] = await Promise.all([
    git(directory, ["rev-parse", "HEAD"], signal),
    git(directory, ["symbolic-ref", "--quiet", "--short", "HEAD"], signal),
    git(directory, ["describe", "--tags", "--exact-match", "HEAD"], signal),
    wantsChanges ? changes(directory, since, signal) : undefined,
  ]);
  const hashes: Record<string, string> = {};
  for (const glob of hashGlobs(manifest)) {
    hashes[glob] = await hashFiles(directory, [glob], { signal });
  }
  return {
    env,
    variables,
    // What somebody says counts: a clone of one commit knows no tags, and conditions can be tried.
    commit: variables["BUILDR_COMMIT"] ?? commit?.trim() ?? "",
    branch: variables["BUILDR_BRANCH"] ?? branch?.trim() ?? "",
    tag: variables["BUILDR_TAG"] ?? tag?.trim() ?? "",
    ...(changedFiles === undefined ? {} : { changedFiles }),
    hashes,
  };
}

/** The globs of all `${hash:…}` of a manifest. */
function hashGlobs(manifest: Manifest): ReadonlySet<string> {
  const texts = [manifest.image.value, ...manifest.environment.vars.map(({ value }) => value)];
  for (const stage of [manifest.prepare, ...manifest.stages, manifest.after]) {
    if (stage === undefined) continue;
    texts.push(stage.image?.value ?? "", stage.concurrency?.value ?? "");
    texts.push(...stage.environment.map(({ value }) => value));
    for (const { image, environment } of stage.services) {
      texts.push(image.value, ...environment.map(({ value }) => value));
    }
    for (const { key, fallback } of stage.caches) {
      texts.push(key.value, ...fallback.map(({ value }) => value));
    }
    for (const { paths } of stage.artifacts) texts.push(...paths.map(({ value }) => value));
  }
  const globs = new Set<string>();
  for (const text of texts) {
    if (!text.includes("${hash:")) continue;
    for (const part of parseTemplate(text).parts) {
      if (part.kind === "reference" && part.reference.kind === "hash") {
        globs.add(part.reference.glob);
      }
    }
  }
  return globs;
}

async function changes(
  directory: string,
  since: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | undefined> {
  const base = since ?? await branchPoint(directory, signal);
  if (base === undefined) return undefined;
  const [tracked, untracked] = await Promise.all([
    git(directory, ["diff", "--name-only", "--relative", "-z", base, "--"], signal),
    git(directory, ["ls-files", "--others", "--exclude-standard", "-z"], signal),
  ]);
  if (tracked === undefined || untracked === undefined) return undefined;
  return [...new Set(`${tracked}\0${untracked}`.split("\0").filter((path) => path !== ""))];
}

/** Where the branch left the main one; on the main one itself, the commit before. */
async function branchPoint(
  directory: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const head = (await git(directory, ["rev-parse", "HEAD"], signal))?.trim();
  if (head === undefined) return undefined;
  for (const ref of ["origin/HEAD", "origin/main", "origin/master", "main", "master"]) {
    const base = (await git(directory, ["merge-base", ref, "HEAD"], signal))?.trim();
    if (base !== undefined && base !== head) return base;
    if (base === head) break;
  }
  return (await git(directory, ["rev-parse", "--verify", "--quiet", "HEAD~1"], signal))?.trim();
}

async function git(
  directory: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const limit = AbortSignal.timeout(GIT_TIMEOUT_MS);
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: [...args],
      cwd: directory,
      env: GIT_ENV,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    // No git, or none that may be run: then nothing is known.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    throw error;
  }
}
