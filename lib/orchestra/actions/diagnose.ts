import { command } from "../../commands/mod.ts";
import { archiveRemotes } from "../archives/remote.ts";
import { runGit } from "../git/run_git.ts";
import { remoteRefsPath } from "../git/remote_refs.ts";
import { describeProblem, verifyRoot } from "../installed/verify.ts";
import type { Configuration } from "../model.ts";
import { isThere } from "./directories.ts";

/** One thing that was looked at. */
export interface OrchestraCheck {
  /** What it is about, in a word or two. */
  readonly name: string;
  /** How it is. */
  readonly state: "ok" | "warning" | "failure";
  /** One sentence without a final period. */
  readonly message: string;
  /** What mends it. */
  readonly mend?: string;
}

/** What each program is there for; the first ones are always needed. */
const PROGRAMS: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly purpose: string;
}[] = [
  { name: "bash", args: ["--version"], purpose: "to run scripts" },
  { name: "cp", args: ["--version"], purpose: "to merge across file systems" },
  { name: "tar", args: ["--version"], purpose: "to unpack archives" },
  { name: "xz", args: ["--version"], purpose: "to make and unpack archives" },
  { name: "git", args: ["--version"], purpose: "to clone and update" },
];

/**
 * Looks at what orchestra needs of a machine and at the state that it is in: programs, git-lfs,
 * remotes, directories, the root. Nothing is changed.
 *
 * Permissions: `--allow-run`, `--allow-read` of what the configuration names.
 *
 * @param configuration What is configured.
 * @param options Ends it early.
 * @returns All checks, in a fixed order.
 */
export async function diagnoseOrchestra(
  configuration: Configuration,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly OrchestraCheck[]> {
  const checks: OrchestraCheck[] = [];
  for (const { name, args, purpose } of PROGRAMS) {
    const version = await versionOf(name, args, signal);
    checks.push(
      version === undefined
        ? {
          name,
          state: "failure",
          message: `${name} is not there; it is needed ${purpose}`,
          mend: `apt-get install ${name === "xz" ? "xz-utils" : name}`,
        }
        : { name, state: "ok", message: version },
    );
  }
  checks.push(await checkLfs(configuration, signal));
  checks.push(checkRemotes(configuration));
  checks.push(checkRefs(configuration));
  for (const [name, path] of Object.entries(configuration.paths)) {
    const problem = await notWritable(path);
    if (problem === undefined) continue;
    checks.push({
      name,
      state: "failure",
      message: `${path} cannot be written to: ${problem}`,
      mend: `chown or chmod it, or set another one in the paths of the configuration`,
    });
  }
  checks.push(await checkRoot(configuration, signal));
  return checks;
}

async function checkLfs(
  configuration: Configuration,
  signal: AbortSignal | undefined,
): Promise<OrchestraCheck> {
  const name = "git-lfs";
  const isNeeded = archiveRemotes(configuration).some(({ kind }) => kind === "git");
  const state = isNeeded ? "failure" : "warning";
  const version = await versionOf("git", ["lfs", "version"], signal);
  if (version === undefined) {
    const message = isNeeded
      ? "git-lfs is not there; it is needed for binary archives in git"
      : "git-lfs is not there; no archive remote needs it";
    return { name, state, message, mend: "apt-get install git-lfs && git lfs install" };
  }
  const filter = await runGit(["config", "--get", "filter.lfs.smudge"], {
    ...(signal ? { signal } : {}),
  });
  if (filter.success) return { name, state: "ok", message: version };
  return {
    name,
    state,
    message: "git-lfs is there, but git does not use it",
    mend: "git lfs install",
  };
}

function checkRemotes(configuration: Configuration): OrchestraCheck {
  const name = "archives";
  const remotes = archiveRemotes(configuration);
  if (remotes.length === 0) {
    return { name, state: "warning", message: "No binary archives are configured" };
  }
  const missing = remotes.filter(({ kind, directory }) => kind === "git" && !isThere(directory));
  if (missing.length > 0) {
    const names = missing.map((one) => one.name).join(", ");
    return { name, state: "warning", message: `Not cloned: ${names}`, mend: "orc update" };
  }
  return {
    name,
    state: "ok",
    message: remotes.map((one) => `${one.name} (${one.kind})`).join(", "),
  };
}

function checkRefs(configuration: Configuration): OrchestraCheck {
  const name = "refs";
  const hasRepositories = [...configuration.components.values()]
    .some(({ repository }) => repository !== null);
  if (!hasRepositories) return { name, state: "ok", message: "No component has a repository" };
  if (isThere(remoteRefsPath(configuration))) {
    return { name, state: "ok", message: "The branches of remotes are known" };
  }
  return {
    name,
    state: "warning",
    message: "The branches of remotes are not known",
    mend: "orc update",
  };
}

async function checkRoot(
  configuration: Configuration,
  signal: AbortSignal | undefined,
): Promise<OrchestraCheck> {
  const name = "root";
  const { orchestraRoot } = configuration.paths;
  if (!isThere(orchestraRoot)) return { name, state: "ok", message: "Nothing is installed" };
  const { problems, components, files, pending } = await verifyRoot(orchestraRoot, {
    ...(signal ? { signal } : {}),
  });
  const [first] = problems;
  if (first !== undefined) {
    const more = problems.length === 1 ? "" : ` and ${problems.length - 1} more`;
    return {
      name,
      state: "failure",
      message: `${describeProblem(first)}${more}`,
      mend: "orc verify",
    };
  }
  if (pending !== undefined) {
    return {
      name,
      state: "warning",
      message: `"${pending}" was interrupted`,
      mend: "any command that changes the root completes it",
    };
  }
  const word = components === 1 ? "component" : "components";
  return { name, state: "ok", message: `${components} ${word} with ${files} files` };
}

async function versionOf(
  program: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const result = await command([program, ...args], { env: { LC_ALL: "C" } })
      .runToCompletion({ timeoutMs: 10_000, ...(signal ? { signal } : {}) });
    return result.success ? result.stdoutLossy().split("\n")[0] : undefined;
  } catch {
    signal?.throwIfAborted();
    return undefined; // it cannot even be started
  }
}

/** Why nothing can be made at a path, or in the nearest directory above that is there. */
async function notWritable(path: string): Promise<string | undefined> {
  let directory = path;
  while (directory !== "" && !isThere(directory)) {
    directory = directory.slice(0, directory.lastIndexOf("/"));
  }
  try {
    await Deno.remove(await Deno.makeTempFile({ dir: directory || "/", prefix: ".orchestra-" }));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
