#!/usr/bin/env -S deno run -A
/**
 * All commands of `superorch`, each loaded when it is called. It parses words and prints; the work
 * is done by the modules. This is also what a bundle and a binary are made from.
 *
 * Permissions: what the command needs; `-A` for all of them.
 *
 * @module
 */

import type { CommandUnknownOpts } from "../lib/deps/commander.ts";
import { calledAs, ownName, resolveName } from "./names.ts";
import { type Output, standardOutput } from "./output.ts";

interface LazyCommand {
  readonly name: string;
  readonly summary: string;
  /** Whether it has a command line of its own, with its own help. */
  readonly foreign?: boolean;
  /** Loads the code of the command, which the help of the whole program does without. */
  readonly load: (output: Output) => Promise<CommandUnknownOpts>;
  /** Its whole command line, for completions, where `load` only hands all words on. */
  readonly tree?: (output: Output, words: readonly string[]) => Promise<CommandUnknownOpts>;
  /** Whether people have no use for it. */
  readonly hidden?: boolean;
}

export type { Output, Sink } from "./output.ts";

const COMMANDS: readonly LazyCommand[] = [
  {
    name: "up",
    summary: "start what a compose file or a module describes",
    load: async (output) => (await import("./up.ts")).upCommand(output),
  },
  {
    name: "down",
    summary: "end and remove what up started",
    load: async (output) => (await import("./down.ts")).downCommand(output),
  },
  {
    name: "ps",
    summary: "list the containers that superorch started",
    load: async (output) => (await import("./ps.ts")).psCommand(output),
  },
  {
    name: "logs",
    summary: "show what containers have written",
    load: async (output) => (await import("./logs.ts")).logsCommand(output),
  },
  {
    name: "exec",
    summary: "run a program in a container",
    load: async (output) => (await import("./exec.ts")).execCommand(output),
  },
  {
    name: "auto-exec",
    summary: "run a program in each new container of a name",
    load: async (output) => (await import("./auto_exec.ts")).autoExecCommand(output),
  },
  {
    name: "clean",
    summary: "remove what dead runs left on the engine",
    load: async (output) => (await import("./clean.ts")).cleanCommand(output),
  },
  {
    name: "orc",
    summary: "build, install and inspect trees of components, as the program orc does",
    foreign: true,
    load: async (output) => (await import("./orc.ts")).orcMount(output),
    tree: async (output, words) => await (await import("./orc.ts")).orcTree(output, words),
  },
  {
    name: "buildr",
    summary: "run the build that a project describes in its .buildr.yml",
    foreign: true,
    load: async (output) => (await import("./buildr.ts")).buildrMount(output),
    tree: async (output) => await (await import("./buildr.ts")).buildrTree(output),
  },
  {
    name: "ytt",
    summary: "process YAML templates, as the program ytt does",
    foreign: true,
    load: async (output) => (await import("./ytt_command.ts")).yttMount(output),
    tree: async () => {
      const { processIo, yttCommand } = await import("./ytt.ts");
      return await yttCommand(processIo()) as CommandUnknownOpts;
    },
  },
  {
    name: "compose",
    summary: "look into compose files, and turn them into programs",
    load: async (output) => (await import("./compose.ts")).composeCommand(output),
  },
  {
    name: "rustc-wrap",
    summary: "compile Rust crates in containers, as cargo's RUSTC_WRAPPER",
    foreign: true,
    load: async (output) => (await import("./rustc_wrap_command.ts")).rustcWrapMount(output),
    tree: async (output) => await (await import("./rustc_wrap_command.ts")).rustcWrapTree(output),
  },
  {
    name: "cargo",
    summary: "run cargo with rustc-wrap as its compiler",
    foreign: true,
    load: async (output) => (await import("./cargo.ts")).cargoMount(output),
  },
  {
    name: "engine",
    summary: "set up, stop and show the container engine",
    load: async (output) => (await import("./engine.ts")).engineCommand(output),
  },
  {
    name: "doctor",
    summary: "look at the engine, and say what mends what is wrong",
    load: async (output) => (await import("./doctor.ts")).doctorCommand(output),
  },
  {
    name: "install-links",
    summary: "write executables under the names that scripts know",
    load: async (output) =>
      (await import("./install_links.ts")).installLinksCommand(output, commandNames()),
  },
  {
    name: "version",
    summary: "print the versions of superorch and of what it runs on",
    load: async (output) => (await import("./version_command.ts")).versionCommand(output),
  },
  {
    name: "completions",
    summary: "print what makes a shell complete superorch's words",
    load: async (output) =>
      (await import("./completions.ts")).completionsCommand(output, commandNames()),
  },
  {
    name: "__complete",
    summary: "answer a shell that completes a word",
    hidden: true,
    load: async (output) =>
      (await import("./completions.ts")).completeCommand(output, {
        commands: commandNames(),
        load: (words) => buildProgram(words, output, "tree"),
      }),
  },
];

function commandNames(): readonly string[] {
  return COMMANDS.filter(({ hidden }) => hidden !== true).map(({ name }) => name);
}

/**
 * Runs the command line.
 *
 * @param args The words after the program's name; a first one of `--called-as=NAME` stands for what
 * that name does.
 * @param output Where results and everything else go. Default: the streams of this process.
 * @returns The exit code: 0 done, 1 the work failed, 2 the input is wrong, 124 timed out.
 */
export async function runCli(
  args: readonly string[],
  output: Output = standardOutput(),
): Promise<number> {
  const words = resolveName(args);
  let program: CommandUnknownOpts | undefined;
  const { EXIT, reportFailure } = await import("./failure.ts");
  try {
    program = await buildProgram(words, output);
    await program.parseAsync(words, { from: "user" });
    return EXIT.ok;
  } catch (thrown) {
    return reportFailure(thrown, output.err, program?.opts()["verbose"] === true);
  }
}

async function buildProgram(
  args: readonly string[],
  output: Output,
  wants: "load" | "tree" = "load",
): Promise<CommandUnknownOpts> {
  const { inherit, newProgram } = await import("./new_program.ts");
  const program = newProgram(output);
  // The options of the program take no values, so the first other word is the command; `help`
  // is followed by the one it is about.
  const words = args.filter((word) => !word.startsWith("-"));
  const wanted = words[0] === "help" ? words[1] : words[0];
  for (const { name, summary, load, tree, foreign, hidden } of COMMANDS) {
    if (name === wanted) {
      const command = wants === "tree" && tree !== undefined
        ? await tree(output, args.slice(args.indexOf(name) + 1))
        : await load(output);
      program.addCommand(foreign === true ? command.name(name) : inherit(command, program));
    } else if (hidden !== true) program.command(name).description(summary);
  }
  return program;
}

/**
 * Runs the command line of this process.
 *
 * @returns The exit code.
 */
export async function start(): Promise<number> {
  // In a compiled binary, the reaper of `containers` is this very program, started again.
  if (Deno.env.has("SUPERORCH_REAPER")) {
    const { reaperMain } = await import("../lib/containers/reaper.ts");
    if (await reaperMain()) return 0;
  }
  const name = ownName();
  return await runCli(name === undefined ? Deno.args : [calledAs(name), ...Deno.args]);
}

if (import.meta.main) {
  // Connections that the engine keeps open would hold the process, so it is ended by name.
  start().then((code) => Deno.exit(code));
}
