/** Git repositories for tests, and git-lfs from Debian where the machine has none. */
import { debianFiles, isProgram } from "../support/debian_packages.ts";
import { runProgram } from "../support/cli.ts";

/** Nothing of the user's own configuration takes part. */
export const GIT_ENV: Readonly<Record<string, string>> = {
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.org",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.org",
};

/** A home directory with a configuration of git, and a PATH with git-lfs. */
export interface GitHome extends AsyncDisposable {
  /** Variables for git and for what runs it. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs git and requires success. */
  git(cwd: string, ...args: readonly string[]): Promise<string>;
}

/** Makes a home; with `lfs` the filters of git-lfs are set up in it. */
export async function gitHome(options: { readonly lfs?: boolean } = {}): Promise<GitHome> {
  const home = await Deno.makeTempDir();
  const env: Record<string, string> = {
    ...GIT_ENV,
    HOME: home,
    XDG_CONFIG_HOME: `${home}/.config`,
    DENO_DIR: denoDirectory(),
  };
  const lfs = await lfsDirectory();
  if (lfs !== undefined && lfs !== "") env["PATH"] = `${lfs}:${Deno.env.get("PATH")}`;
  const git = async (cwd: string, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await runProgram("git", args, { cwd, env });
    if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  await git(home, "config", "--global", "init.defaultBranch", "master");
  await git(home, "config", "--global", "protocol.file.allow", "always");
  if (options.lfs === true) await git(home, "lfs", "install", "--skip-repo");
  return {
    env,
    git,
    [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }),
  };
}

/** Where Deno keeps what it has downloaded: a home of its own would have it all downloaded again. */
function denoDirectory(): string {
  const caches = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`;
  return Deno.env.get("DENO_DIR") ?? `${caches}/deno`;
}

/** Where git-lfs is; empty when it is installed, `undefined` when it cannot be had. */
export async function lfsDirectory(): Promise<string | undefined> {
  if (await isProgram("git-lfs")) return "";
  const { root } = await debianFiles({ packages: ["git-lfs"] });
  return root === undefined ? undefined : `${root}/usr/bin`;
}

/** Makes a repository with one commit, and a bare clone of it that others clone. */
export async function bareRepository(
  home: GitHome,
  bare: string,
  files: Readonly<Record<string, string>>,
  branch = "master",
): Promise<void> {
  const work = await Deno.makeTempDir();
  try {
    await home.git(work, "init", "-q", "-b", branch);
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${work}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${work}/${path}`, text);
    }
    await home.git(work, "add", "-A");
    await home.git(work, "commit", "-q", "--allow-empty", "-m", "first");
    await home.git(work, "clone", "-q", "--bare", work, bare);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Adds a commit to a bare repository, and gives back its hash. */
export async function addCommit(
  home: GitHome,
  bare: string,
  files: Readonly<Record<string, string>>,
  branch = "master",
): Promise<string> {
  const work = await Deno.makeTempDir();
  try {
    await home.git(work, "clone", "-q", bare, "clone");
    const clone = `${work}/clone`;
    await home.git(clone, "checkout", "-q", "-B", branch);
    for (const [path, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${clone}/${path}`, text);
    }
    await home.git(clone, "add", "-A");
    await home.git(clone, "commit", "-q", "--allow-empty", "-m", "more");
    await home.git(clone, "push", "-q", "origin", `HEAD:${branch}`);
    return await home.git(clone, "rev-parse", "HEAD");
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}
