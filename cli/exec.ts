import { execInteractively } from "../lib/containers/mod.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { connectEngine } from "../lib/engine/mod.ts";
import { ExitCode } from "./exit_code.ts";
import { findContainer } from "./find_container.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch exec`.
 *
 * @returns The command.
 */
export function execCommand(_output: Output): CommandUnknownOpts {
  return new Command("exec")
    .description(
      "Run a program in a container that superorch started, with this terminal. Ends with the " +
        "program's exit code.",
    )
    .argument("<name>", "its name, PROJECT/NAME, its name on the engine, or its id")
    .argument("<command...>", "program and arguments")
    .option("-p, --project <name>", "the network it belongs to")
    .option("-u, --user <user>", "user[:group]")
    .option("-w, --workdir <path>", "directory of the program")
    .option("-e, --env <name=value...>", "environment variables")
    .option("-T, --no-tty", "no terminal, also when there is one")
    .passThroughOptions()
    .action(async (name, command, { project, user, workdir, env, tty }) => {
      await using engine = await connectEngine();
      const { Id } = await findContainer(engine, name, { project });
      const code = await execInteractively(engine, Id, command, {
        user,
        workdir,
        env: env === undefined ? undefined : environment(env),
        ...(tty === false ? { tty: false } : {}),
      });
      throw new ExitCode(code);
    });
}

function environment(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1) throw new UsageError(`Cannot use --env "${pair}": it must be NAME=value`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  }));
}
