import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { ExitCode } from "./exit_code.ts";
import type { Output } from "./output.ts";
import { rustcWrapMain } from "./rustc_wrap.ts";

/**
 * Makes `superorch rustc-wrap`: everything after the name is a compiler and its words, as cargo gives
 * them to a wrapper.
 *
 * @param _output Where other commands print; a compiler's output goes where ours goes.
 * @returns The command.
 */
export function rustcWrapMount(_output: Output): CommandUnknownOpts {
  return new Command("rustc-wrap")
    .description("Run a Rust compiler in a container, as cargo's RUSTC_WRAPPER does.")
    .argument("<words...>", "the compiler and its words")
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (words) => {
      const code = await rustcWrapMain(words);
      if (code !== 0) throw new ExitCode(code);
    });
}
