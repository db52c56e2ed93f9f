import { command, type CommandResult } from "../../commands/mod.ts";

/** How git is run. */
export interface RunGitOptions {
  /** In which directory. Default: the one of this program. */
  readonly cwd?: string;
  /** Further variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Nobody sits there to be asked for a password. */
const NO_PROMPTS: Readonly<Record<string, string>> = {
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "/bin/true",
  GIT_SSH_COMMAND: "ssh -o BatchMode=yes",
  LC_ALL: "C",
};

/**
 * Runs git without ever asking anything, and keeps what it prints. A variable `GIT_SSH_COMMAND` of
 * the user's own counts.
 *
 * Permissions: `--allow-run=git`, `--allow-env=GIT_SSH_COMMAND`.
 *
 * @param args Its words.
 * @param options Where, and what ends it.
 * @returns How it ended; a failure is a result too.
 */
export async function runGit(
  args: readonly string[],
  { cwd, env, signal }: RunGitOptions = {},
): Promise<CommandResult> {
  const own = Deno.env.get("GIT_SSH_COMMAND");
  const settings = own === undefined ? NO_PROMPTS : { ...NO_PROMPTS, GIT_SSH_COMMAND: own };
  return await command(["git", ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...settings, ...env },
    dieWithParent: true,
  }).runToCompletion({ signal, group: true });
}

/** The last lines that a failed git has printed, without empty ones. */
export function gitMessage(result: CommandResult): string {
  const lines = `${result.stderrLossy()}\n${result.stdoutLossy()}`.split("\n")
    .map((line) => line.trim()).filter((line) => line !== "");
  return lines.slice(-5).join("\n");
}
