import { command, type CommandResult } from "../../commands/mod.ts";
import { errorMessage } from "../../errors/mod.ts";
import { FileLock } from "../../files/mod.ts";

/** What to get. */
export interface CheckoutOptions {
  /** Address of the repository; the caller has checked it with `repositoryProblem`. */
  readonly repo: string;
  /** Branch; the repository's default branch without one. */
  readonly branch?: string;
  /** Commit; the newest of the branch without one. */
  readonly commit?: string;
  /** Where the files go: a directory that is not there yet. */
  readonly directory: string;
  /** Directory of the copies that are kept, one for each repository. */
  readonly mirrors: string;
  /** How long it may take. Default 10 minutes. */
  readonly timeoutMs?: number;
  /** Stops it. */
  readonly signal?: AbortSignal;
}

/** What was got. */
export interface Checkout {
  /** Where it is. */
  readonly directory: string;
  /** Its branch; empty for a commit without one. */
  readonly branch: string;
  /** Its commit. */
  readonly commit: string;
}

/** The repository, the branch or the commit cannot be had. */
export class CheckoutError extends Error {
  /** The name of the class. */
  override readonly name = "CheckoutError";
}

const DEFAULT_TIMEOUT_MS = 600_000;

/**
 * Gets one commit of a repository, without its history.
 *
 * What was got before is kept beside and not sent again: an agent builds the same few repositories
 * all day. git asks nobody anything: keys and credentials are where they always are (`~/.ssh`,
 * credential helpers), and programs that an address could name are not run.
 *
 * Permissions: `--allow-run=git`, `--allow-read` and `--allow-write` of both directories.
 *
 * @throws {CheckoutError} with git's words.
 */
export async function checkOut(options: CheckoutOptions): Promise<Checkout> {
  const { repo, directory, signal } = options;
  const until = Date.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const git = async (args: readonly string[], what: string): Promise<CommandResult> => {
    try {
      return await command("git", {
        args: ["-c", "protocol.ext.allow=never", "-c", "protocol.fd.allow=never", ...args],
        env: GIT_ENV,
        recordLimitBytes: 1 << 20,
      }).runToCompletion({ timeoutMs: Math.max(1, until - Date.now()), signal });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new CheckoutError(`Cannot ${what}: ${errorMessage(cause)}`, { cause });
    }
  };
  const must = async (args: readonly string[], what: string): Promise<string> => {
    const result = await git(args, what);
    if (result.success) return result.stdoutLossy().trim();
    const words = result.stderrLossy().trim().split("\n").slice(-3).join("; ");
    throw new CheckoutError(`Cannot ${what}: ${words || `git ended with ${result.code}`}`);
  };

  const branch = options.branch ??
    (options.commit === undefined
      ? await defaultBranch((args) => must(args, `reach "${redact(repo)}"`), repo)
      : "");
  const mirror = `${options.mirrors}/${await digest(repo)}.git`;
  await Deno.mkdir(options.mirrors, { recursive: true });
  // Two builds of one repository share the copy, one after the other.
  await using _lock = await FileLock.acquire(`${mirror}.lock`, { signal });
  const isNew = !await Deno.stat(`${mirror}/HEAD`).then(() => true, () => false);
  if (isNew) await must(["init", "--quiet", "--bare", mirror], "make a place for the repository");
  const what = describe(options, branch);
  let commit: string;
  if (options.commit === undefined) {
    const ref = `refs/heads/${branch}`;
    await must(["-C", mirror, ...FETCH, "--", repo, `+${ref}:refs/buildr/head`], what);
    commit = await must(["-C", mirror, "rev-parse", "refs/buildr/head"], what);
  } else {
    commit = await fetchCommit(options.commit, mirror, branch, repo, git, must, what);
  }
  await must(["init", "--quiet", "--initial-branch=buildr-checkout", directory], "make a checkout");
  await must(
    ["-C", directory, "fetch", "--quiet", "--depth", "1", "--no-tags", mirror, commit],
    "copy the commit",
  );
  const target = branch === "" ? ["--detach", commit] : ["-B", branch, commit];
  await must(["-C", directory, "checkout", "--quiet", ...target, "--"], what);
  return { directory, branch, commit };
}

const FETCH = ["fetch", "--quiet", "--depth", "1", "--no-tags", "--no-recurse-submodules"] as const;

// Nothing of what a person has set for their own work may change what is built.
const GIT_ENV = {
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "uploadpack.allowAnySHA1InWant",
  GIT_CONFIG_VALUE_0: "true",
  GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=20",
  LC_ALL: "C",
};

type Git = (args: readonly string[], what: string) => Promise<CommandResult>;
type Must = (args: readonly string[], what: string) => Promise<string>;

/** Servers may refuse to give a commit by its name; then the branch, or everything, has it. */
async function fetchCommit(
  wanted: string,
  mirror: string,
  branch: string,
  repo: string,
  git: Git,
  must: Must,
  what: string,
): Promise<string> {
  const resolve = () => git(["-C", mirror, "rev-parse", "--verify", `${wanted}^{commit}`], what);
  const known = await resolve();
  if (known.success) return known.stdoutLossy().trim();
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(wanted)) {
    const direct = await git(["-C", mirror, ...FETCH, "--", repo, wanted], what);
    if (direct.success) return wanted;
  }
  const refs = branch === ""
    ? "+refs/heads/*:refs/buildr/all/*"
    : `+refs/heads/${branch}:refs/buildr/all/one`;
  const depth = await Deno.stat(`${mirror}/shallow`).then(() => ["--unshallow"], () => []);
  await must(
    ["-C", mirror, "fetch", "--quiet", ...depth, "--no-tags", "--", repo, refs],
    what,
  );
  const found = await resolve();
  if (found.success) return found.stdoutLossy().trim();
  throw new CheckoutError(`Cannot ${what}: there is no such commit`);
}

async function defaultBranch(
  must: (args: readonly string[]) => Promise<string>,
  repo: string,
): Promise<string> {
  const text = await must(["ls-remote", "--symref", "--", repo, "HEAD"]);
  const branch = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(text)?.[1];
  if (branch !== undefined) return branch;
  throw new CheckoutError(`The repository "${redact(repo)}" has no default branch`);
}

function describe({ repo, commit }: CheckoutOptions, branch: string): string {
  const what = commit === undefined ? `branch "${branch}"` : `commit ${commit}`;
  return `get ${what} of "${redact(repo)}"`;
}

/** An address without the password in it. */
export function redact(repo: string): string {
  return repo.replace(/^([a-z+]+:\/\/[^/@:]*):[^/@]*@/i, "$1:***@");
}

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes).toHex().slice(0, 24);
}
