import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { ExitCode } from "./exit_code.ts";
import type { Output } from "./output.ts";
import { run } from "./ytt.ts";

/**
 * Makes `superorch ytt`: everything after the name is the template engine's own command line.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function yttMount(output: Output): CommandUnknownOpts {
  return new Command("ytt")
    .description("Process YAML templates, as the program ytt does.")
    .argument("[args...]", "its options and commands; see `superorch ytt --help`")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args) => {
      const code = await run(args, {
        stdout: (text) => output.out.write(text),
        stderr: (text) => output.err.write(text),
        stdin: async () => new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer()),
        env: Deno.env.toObject(),
        programName: "superorch ytt",
      });
      if (code !== 0) throw new ExitCode(code);
    });
}
