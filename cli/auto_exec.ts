import { autoExec } from "../lib/containers/mod.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { connectEngine } from "../lib/engine/mod.ts";
import { ExitCode } from "./exit_code.ts";
import type { Output } from "./output.ts";

/**
 * Makes `superorch auto-exec`.
 *
 * @param output Where it tells what it waits for.
 * @returns The command.
 */
export function autoExecCommand(output: Output): CommandUnknownOpts {
  return new Command("auto-exec")
    .description(
      "Wait for containers whose name begins with a prefix and run a program in each of them, " +
        "with this terminal. The container goes on when the program ends.",
    )
    .argument("<prefix>", "what the name begins with")
    .argument("[command...]", "program and arguments", ["sh"])
    .option("--once", "end with the first program")
    .option("-u, --user <user>", "user[:group]")
    .option("-w, --workdir <path>", "directory of the program")
    .passThroughOptions()
    .action(async (prefix, command, { once, user, workdir }) => {
      await using engine = await connectEngine();
      const code = await autoExec(engine, prefix, command, {
        once: once === true,
        user,
        workdir,
        onProgress: (line) => output.err.write(`${line}\n`),
      });
      throw new ExitCode(code);
    });
}
