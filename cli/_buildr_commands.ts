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
  {
    name: "list",
    summary: "list the stages, and what would not run",
    load: async (output) => (await import("./buildr_list.ts")).listCommand(output),
  },
  {
    name: "graph",
    summary: "show what waits for what",
    load: async (output) => (await import("./buildr_graph.ts")).graphCommand(output),
  },
  {
    name: "validate",
    summary: "check the manifest",
    load: async (output) => (await import("./buildr_validate.ts")).validateCommand(output),
  },
  {
    name: "explain",
    summary: "explain a stage",
    load: async (output) => (await import("./buildr_explain.ts")).explainCommand(output),
  },
  {
    name: "schema",
    summary: "print the JSON Schema of manifests",
    load: async (output) => (await import("./buildr_schema.ts")).schemaCommand(output),
  },
  {
    name: "init",
    summary: "write a first manifest",
    load: async (output) => (await import("./buildr_init.ts")).initCommand(output),
  },
  {
    name: "import",
    summary: "make a manifest of .gitlab-ci.yml or .travis.yml",
    load: async (output) => (await import("./buildr_import.ts")).importCommand(output),
  },
  {
    name: "secret",
    summary: "keep secrets in the manifest, encrypted",
    load: async (output) => (await import("./buildr_secret.ts")).secretCommand(output),
  },
  {
    name: "agent",
    summary: "take builds from a queue and run them",
    load: async (output) => (await import("./buildr_agent.ts")).agentCommand(output),
  },
  {
    name: "coordinator",
    summary: "hand builds to agents, and show what became of them",
    load: async (output) => (await import("./buildr_coordinator.ts")).coordinatorCommand(output),
  },
  {
    name: "submit",
    summary: "ask a coordinator for a build",
    load: async (output) => (await import("./buildr_submit.ts")).submitCommand(output),
  },
  {
    name: "status",
    summary: "show where builds of a coordinator stand",
    load: async (output) => (await import("./buildr_status.ts")).statusCommand(output),
  },
  {
    name: "tail",
    summary: "show the log of a coordinator's build",
    load: async (output) => (await import("./buildr_tail.ts")).tailCommand(output),
  },
  {
    name: "cancel",
    summary: "stop a coordinator's build",
    load: async (output) => (await import("./buildr_cancel.ts")).cancelCommand(output),
  },
  {
    name: "dead",
    summary: "look after builds that nobody runs any more",
    load: async (output) => (await import("./buildr_dead.ts")).deadCommand(output),
  },
  {
    name: "dev-up",
    summary: "run a broker, a coordinator and agents on this machine",
    load: async (output) => (await import("./buildr_dev_up.ts")).devUpCommand(output),
  },
];
