import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { lockFilePath, writeLockFile } from "../lib/orchestra/git/lock_file.ts";
import { type OrcContext, OrcFailure } from "./_orc_context.ts";

/** Makes `orc lock`. */
export function lockCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("lock")
    .description(
      "Write the commits that all repositories are at into .orchestra/orchestra.lock.json; " +
        "`install --locked` and others use them.",
    )
    .option("--json", "print what was written as JSON")
    .action(async ({ json }) => {
      const configuration = await context.configuration();
      const written = await writeLockFile(configuration, await context.world());
      const count = Object.keys(written.repositories).length;
      context.log("INFO", `Wrote ${count} commits to ${lockFilePath(configuration)}`);
      if (json === true) context.printJson(written);
      if (written.unknown.length === 0) return;
      throw new OrcFailure(
        `No commit is known of ${written.unknown.join(", ")}. Run \`orc update\` and lock again`,
      );
    });
}
