import type { CommandUnknownOpts } from "../lib/deps/commander.ts";

/** Options that decide what is built. */
export interface SourceFlags {
  /** Everything is built. */
  readonly fromSource?: boolean;
  /** What has no archive is built. */
  readonly fallbackBuild?: boolean;
}

/** Adds the options that decide what is built. */
export function addSourceOptions<T extends CommandUnknownOpts>(command: T): T {
  command
    .option("-B, --from-source", "build everything from source, use no binary archives")
    .option("-b, --fallback-build", "build what has no binary archive");
  return command;
}
