import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { buildDirectory, isThere } from "../lib/orchestra/actions/directories.ts";
import { buildEnvironment, exportLines } from "../lib/orchestra/environment/mod.ts";
import { OrchestraError } from "../lib/orchestra/errors.ts";
import { shellQuoted } from "../lib/orchestra/git/check_branch.ts";
import { type BuildTarget, qualifiedName } from "../lib/orchestra/model.ts";
import type { OrcContext } from "./_orc_context.ts";
import { ExitCode } from "./exit_code.ts";

/** Makes `orc shell`. */
export function shellCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("shell")
    .description(
      "Run a program with the variables that scripts get, or, without one, your shell. Its exit " +
        "code is that of this command.",
    )
    .option("-c, --component <component>", "with the variables of this component, in BUILD_DIR")
    .argument("[command...]", "the program and its words")
    .passThroughOptions()
    .action(async (words: string[], { component }) => {
      const configuration = await context.configuration();
      const target = component === undefined ? undefined : (await context.build(component)).target;
      const environment = buildEnvironment(configuration, target === undefined ? {} : { target });
      const cwd = target === undefined ? undefined : buildDirectory(configuration, target);
      if (cwd !== undefined && target !== undefined && !isThere(cwd)) {
        throw new OrchestraError(
          `Build directory for component ${qualifiedName(target)} does not exist`,
        );
      }
      const lines = exportLines(environment);
      const code = words.length > 0
        ? await runHere(["/bin/bash", "-c", `${lines}${words.map(shellQuoted).join(" ")}`], cwd)
        : await interactive(lines, target, cwd);
      if (code !== 0) throw new ExitCode(code);
    });
}

/** Gives a program this program's own streams and terminal, and its signals are its own. */
async function runHere(
  [program = "", ...args]: readonly string[],
  cwd: string | undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const ignore = () => {};
  // Ctrl-C goes to the whole group of the terminal; what it means is for the program to say.
  Deno.addSignalListener("SIGINT", ignore);
  try {
    const child = new Deno.Command(program, {
      args,
      ...(cwd === undefined ? {} : { cwd }),
      env,
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
    const pass = () => child.kill("SIGTERM");
    Deno.addSignalListener("SIGTERM", pass);
    try {
      return (await child.status).code;
    } finally {
      Deno.removeSignalListener("SIGTERM", pass);
    }
  } finally {
    Deno.removeSignalListener("SIGINT", ignore);
  }
}

/** Starts the user's shell with its own settings, then ours, and a prompt that tells. */
async function interactive(
  lines: string,
  target: BuildTarget | undefined,
  cwd: string | undefined,
): Promise<number> {
  const shell = await loginShell();
  const name = shell.slice(shell.lastIndexOf("/") + 1);
  const home = await Deno.makeTempDir({ prefix: "orchestra-shell-" });
  try {
    const prompt = target === undefined
      ? "(orchestra) "
      : `(orchestra - ${qualifiedName(target)}) `;
    const settings = (file: string) =>
      `HOME="$OLD_HOME"; export HOME; unset OLD_HOME ZDOTDIR ENV\n` +
      `if [ -f "$HOME/${file}" ]; then . "$HOME/${file}"; fi\n${lines}` +
      `PS1=${shellQuoted(prompt)}"\${PS1:-}"\n`;
    for (const file of [".bashrc", ".zshrc", ".profile"]) {
      await Deno.writeTextFile(`${home}/${file}`, settings(file));
    }
    return await runHere([shell], cwd, {
      OLD_HOME: Deno.env.get("HOME") ?? "/",
      HOME: home,
      ...(name === "zsh" ? { ZDOTDIR: home } : {}),
      ...(name === "sh" || name === "dash" ? { ENV: `${home}/.profile` } : {}),
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function loginShell(): Promise<string> {
  try {
    const { success, stdout } = await new Deno.Command("getent", {
      args: ["passwd", String(Deno.uid())],
      stderr: "null",
    }).output();
    const shell = new TextDecoder().decode(stdout).trim().split(":")[6];
    if (success && shell !== undefined && shell !== "") return shell;
  } catch {
    // not every machine has getent
  }
  return "/bin/sh";
}
