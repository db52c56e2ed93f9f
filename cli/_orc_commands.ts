import type { CommandUnknownOpts } from "../lib/deps/commander.ts";
import type { OrcContext } from "./_orc_context.ts";

/** A command of `orc`; its code is loaded when it is called. */
export interface OrcCommand {
  /** The word on the command line. */
  readonly name: string;
  /** What the help of the whole program says. */
  readonly summary: string;
  /** Loads the code. */
  readonly load: (context: OrcContext) => Promise<CommandUnknownOpts>;
}

/** All commands, in the order of the help. */
export const ORC_COMMANDS: readonly OrcCommand[] = [
  {
    name: "environment",
    summary: "print the variables that scripts get",
    load: async (context) => (await import("./orc_environment.ts")).environmentCommand(context),
  },
  {
    name: "ls",
    summary: "list directories of sources or of binary archives",
    load: async (context) => (await import("./orc_ls.ts")).lsCommand(context),
  },
  {
    name: "version",
    summary: "print the version",
    load: async (context) => (await import("./orc_version.ts")).versionCommand(context),
  },
];
