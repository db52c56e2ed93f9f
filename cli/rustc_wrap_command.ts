import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { mount } from "./mount.ts";
import { reportFailure } from "./failure.ts";
import type { Output } from "./output.ts";
import { rustcWrapMain } from "./rustc_wrap.ts";
import { VERSION } from "./version.ts";

/** A command whose code is loaded when it is wanted. */
export interface WrapCommand {
  /** Its name. */
  readonly name: string;
  /** Loads it. */
  readonly load: (output: Output, green: boolean) => Promise<CommandUnknownOpts>;
}

const COMMANDS: readonly WrapCommand[] = [
  {
    name: "suggest",
    load: async (output) => (await import("./rustc_wrap_suggest.ts")).suggestCommand(output),
  },
  {
    name: "env",
    load: async (output, green) => (await import("./rustc_wrap_env.ts")).envCommand(output, green),
  },
  {
    name: "doc",
    load: async (output) => (await import("./rustc_wrap_doc.ts")).docCommand(output),
  },
  {
    name: "show-rust-base",
    load: async (output) => (await import("./rustc_wrap_doc.ts")).showRustBaseCommand(output),
  },
  {
    name: "pull",
    load: async (output) => (await import("./rustc_wrap_push.ts")).pullCommand(output),
  },
  {
    name: "push",
    load: async (output) => (await import("./rustc_wrap_push.ts")).pushCommand(output),
  },
  {
    name: "sync",
    load: async (output) => (await import("./rustc_wrap_push.ts")).syncCommand(output),
  },
  {
    name: "cache",
    load: async (output) => (await import("./rustc_wrap_cache.ts")).cacheCommand(output),
  },
  {
    name: "setup",
    load: async (output) => (await import("./rustc_wrap_doctor.ts")).setupCommand(output),
  },
  {
    name: "builder",
    load: async (output) => (await import("./rustc_wrap_doctor.ts")).builderCommand(output),
  },
  {
    name: "doctor",
    load: async (output) => (await import("./rustc_wrap_doctor.ts")).wrapDoctorCommand(output),
  },
  {
    name: "final",
    load: async (output) => (await import("./rustc_wrap_final.ts")).finalCommand(output),
  },
];

/**
 * Makes `superorch rustc-wrap`: one of our own commands, or a compiler and its words, as cargo gives
 * them to a wrapper.
 *
 * @param output Where our own commands print; a compiler's output goes where ours goes.
 * @returns The command.
 */
export function rustcWrapMount(output: Output): CommandUnknownOpts {
  return mount({
    name: "rustc-wrap",
    description: "Run a Rust compiler in a container, as cargo's RUSTC_WRAPPER does.",
    words: "a command, or the compiler and its words",
    run: (words) => runRustcWrap(words, output),
  });
}

/**
 * Runs one of our own commands, or the wrapper.
 *
 * @param words The words after the program's name.
 * @param output Where our own commands print.
 * @param green Whether this is `cargo green supergreen`, which has no wrapper and other answers.
 * @returns The exit code.
 */
export async function runRustcWrap(
  words: readonly string[],
  output: Output,
  green = false,
): Promise<number> {
  const [first] = words;
  const own = green || first === undefined || /^-/.test(first) || first === "help" ||
    COMMANDS.some(({ name }) => name === first);
  if (!own) return await rustcWrapMain(words);
  if (first === "-V" || first === "--version") {
    output.out.write(`rustcbuildx ${VERSION}\n`);
    return 0;
  }
  try {
    // The others need not be loaded for one that is named.
    const named = COMMANDS.filter(({ name }) => name === first);
    const tree = await rustcWrapTree(output, named.length > 0 ? named : COMMANDS, green);
    if (first === undefined || words.length === 1 && /^(?:-h|--help|help)$/.test(first)) {
      output.out.write(tree.helpInformation());
      return first === undefined ? 2 : 0;
    }
    await tree.parseAsync(words, { from: "user" });
    return 0;
  } catch (thrown) {
    return reportFailure(thrown, output.err, false);
  }
}

/**
 * Makes the whole command line, for its help and for completions.
 *
 * @param output Where it prints.
 * @param commands Those that are loaded. Default: all.
 * @param green As for {@linkcode runRustcWrap}.
 */
export async function rustcWrapTree(
  output: Output,
  commands: readonly WrapCommand[] = COMMANDS,
  green = false,
): Promise<CommandUnknownOpts> {
  const program = new Command(green ? "cargo green supergreen" : "superorch rustc-wrap")
    .description(
      "Compile Rust crates in containers: set RUSTC_WRAPPER=rustcbuildx and use cargo as ever.",
    )
    .option("-V, --version", "print the version") as unknown as CommandUnknownOpts;
  for (const { load } of commands) program.addCommand(await load(output, green));
  return settled(program, output);
}

function settled(command: CommandUnknownOpts, output: Output): CommandUnknownOpts {
  command.exitOverride().configureOutput({
    writeOut: (text) => output.out.write(text),
    writeErr: (text) => output.err.write(text),
    outputError: (text, write) => write(text.replace(/^error: /, "Error: ")),
    getOutHasColors: () => output.out.colour,
    getErrHasColors: () => output.err.colour,
  });
  for (const child of command.commands) settled(child, output);
  return command;
}
