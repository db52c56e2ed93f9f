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
    name: "components",
    summary: "list components",
    load: async (context) => (await import("./orc_components.ts")).componentsCommand(context),
  },
  {
    name: "environment",
    summary: "print the variables that scripts get",
    load: async (context) => (await import("./orc_environment.ts")).environmentCommand(context),
  },
  {
    name: "graph",
    summary: "print the graph of dependencies, for graphviz",
    load: async (context) => (await import("./orc_graph.ts")).graphCommand(context),
  },
  {
    name: "inspect",
    summary: "look into the configuration and into components",
    load: async (context) => (await import("./orc_inspect.ts")).inspectCommand(context),
  },
  {
    name: "ls",
    summary: "list directories of sources or of binary archives",
    load: async (context) => (await import("./orc_ls.ts")).lsCommand(context),
  },
  {
    name: "plan",
    summary: "show what an install would do, and why",
    load: async (context) => (await import("./orc_plan.ts")).planCommand(context),
  },
  {
    name: "why",
    summary: "tell whether a component is up to date, what has changed, and who needs it",
    load: async (context) => (await import("./orc_why.ts")).whyCommand(context),
  },
  {
    name: "version",
    summary: "print the version",
    load: async (context) => (await import("./orc_version.ts")).versionCommand(context),
  },
  {
    name: "binary-archives",
    summary: "list and clean archives, or push them to their remotes",
    load: async (context) =>
      (await import("./orc_binary_archives.ts")).binaryArchivesCommand(context),
  },
  {
    name: "check-branch",
    summary: "run the checks of a component on each commit of its branch",
    load: async (context) => (await import("./orc_check_branch.ts")).checkBranchCommand(context),
  },
  {
    name: "clean",
    summary: "remove build directories and sources",
    load: async (context) => (await import("./orc_clean.ts")).cleanCommand(context),
  },
  {
    name: "clone",
    summary: "clone the repositories of components",
    load: async (context) => (await import("./orc_clone.ts")).cloneCommand(context),
  },
  {
    name: "configure",
    summary: "run configure scripts",
    load: async (context) => (await import("./orc_configure.ts")).configureCommand(context),
  },
  {
    name: "doctor",
    summary: "check what orchestra needs on this machine",
    load: async (context) => (await import("./orc_doctor.ts")).doctorCommand(context),
  },
  {
    name: "gc",
    summary: "remove what nothing needs any more",
    load: async (context) => (await import("./orc_gc.ts")).gcCommand(context),
  },
  {
    name: "install",
    summary: "install components",
    load: async (context) => (await import("./orc_install.ts")).installCommand(context),
  },
  {
    name: "lock",
    summary: "write down the commits that repositories are at",
    load: async (context) => (await import("./orc_lock.ts")).lockCommand(context),
  },
  {
    name: "shell",
    summary: "run a shell or a program with the variables of scripts",
    load: async (context) => (await import("./orc_shell.ts")).shellCommand(context),
  },
  {
    name: "symlink-binary-archives",
    summary: "link the current archives under a name",
    load: async (context) =>
      (await import("./orc_symlink_binary_archives.ts")).symlinkBinaryArchivesCommand(context),
  },
  {
    name: "uninstall",
    summary: "remove components",
    load: async (context) => (await import("./orc_uninstall.ts")).uninstallCommand(context),
  },
  {
    name: "update",
    summary: "bring the configuration, archives and sources up to date",
    load: async (context) => (await import("./orc_update.ts")).updateCommand(context),
  },
  {
    name: "upgrade",
    summary: "install again what is out of date",
    load: async (context) => (await import("./orc_upgrade.ts")).upgradeCommand(context),
  },
  {
    name: "verify",
    summary: "check the root",
    load: async (context) => (await import("./orc_verify.ts")).verifyCommand(context),
  },
];
