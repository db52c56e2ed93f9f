import type { CommandUnknownOpts } from "../lib/deps/commander.ts";
import { mount } from "./mount.ts";
import type { Output } from "./output.ts";
import { run } from "./ytt.ts";

/**
 * Makes `superorch ytt`: everything after the name is the template engine's own command line.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function yttMount(output: Output): CommandUnknownOpts {
  return mount({
    name: "ytt",
    description: "Process YAML templates, as the program ytt does.",
    words: "its options and commands; see `superorch ytt --help`",
    run: (words) =>
      run(words, {
        stdout: (text) => output.out.write(text),
        stderr: (text) => output.err.write(text),
        stdin: async () => new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer()),
        env: Deno.env.toObject(),
        programName: "superorch ytt",
      }),
  });
}
