import type { CommandUnknownOpts } from "../lib/deps/commander.ts";
import type { Output } from "./output.ts";

/** A command of buildr whose code is loaded only when it is wanted. */
export interface BuildrCommand {
  /** Its name. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** Loads it. */
  readonly load: (output: Output) => Promise<CommandUnknownOpts>;
}

/** All of them; the first one is meant where none is named. */
export const BUILDR_COMMANDS: readonly BuildrCommand[] = [
  {
    name: "run",
    summary: "run stages and what they need (also without this word)",
    load: async (output) => (await import("./buildr_run.ts")).runCommand(output),
  },
  {
    name: "shell",
    summary: "open a shell where a stage would run",
    load: async (output) => (await import("./buildr_shell.ts")).shellCommand(output),
  },
  {
    name: "watch",
    summary: "run again whenever a file changes",
    load: async (output) => (await import("./buildr_watch.ts")).watchCommand(output),
  },
  {
    name: "logs",
    summary: "show what the last run wrote",
    load: async (output) => (await import("./buildr_logs.ts")).logsCommand(output),
  },
  {
    name: "clean",
    summary: "remove snapshots, caches, artifacts and kept containers of a project",
    load: async (output) => (await import("./buildr_clean.ts")).cleanCommand(output),
  },
];
