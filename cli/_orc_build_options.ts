import type { CommandUnknownOpts } from "../lib/deps/commander.ts";

/** Options of commands that build. */
export interface BuildFlags {
  /** Everything is built. */
  readonly fromSource?: boolean;
  /** What has no archive is built. */
  readonly fallbackBuild?: boolean;
  /** Build directories are removed after installing. */
  readonly discardBuildDirectories?: boolean;
  /** Tests are run, and what is triggered by them is installed. */
  readonly test?: boolean;
}

/** Adds the options of commands that build. */
export function addBuildOptions<T extends CommandUnknownOpts>(command: T): T {
  command
    .option("-B, --from-source", "build everything from source")
    .option("-b, --fallback-build", "build what there is no binary archive of")
    .option("--discard-build-directories", "remove each build directory after installing")
    .option("--test", "run the tests of what is built, and install its test triggers");
  return command;
}
