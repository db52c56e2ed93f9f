import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { update, type UpdateResult } from "../lib/orchestra/git/update.ts";
import type { OrcContext } from "./_orc_context.ts";
import { wholeNumber } from "./_orc_run.ts";

/** Makes `orc update`. */
export function updateCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("update")
    .description(
      "Bring the configuration, binary archives, what is known of remotes, and sources up to date.",
    )
    .option("--no-config", "do not pull the configuration")
    .option("--parallelism <count>", "ask so many remotes at a time", wholeNumber, 8)
    .option("--json", "print what could not be done as JSON")
    .action(async ({ config, parallelism, json }) => {
      const result = await update(await context.configuration(), {
        pullConfiguration: config,
        parallelism,
        log: context.log,
        reload: () => context.reloadConfiguration(),
        signal: context.signal,
      });
      context.forgetWorld();
      tell(context, result);
      if (json === true) context.printJson(result);
    });
}

function tell({ log }: OrcContext, { notPulled, notCloned, notFound }: UpdateResult): void {
  const list = (items: readonly { readonly reason: string }[], name: (item: never) => string) =>
    items.map((item) => `  ${name(item as never)}: ${item.reason.replaceAll("\n", "\n    ")}`)
      .join("\n");
  if (notPulled.length > 0) {
    log(
      "ERROR",
      "Could not git pull --ff-only the following repositories:\n" +
        list(notPulled, ({ directory }: { directory: string }) => directory) +
        "\nCheck that you are on a branch that follows one of the remote, and that there are no " +
        "local changes in the way; then `git pull --rebase`, or `git reset --hard` to the remote",
    );
  }
  if (notCloned.length > 0) {
    log(
      "ERROR",
      "Could not clone or update the following binary archives:\n" +
        list(notCloned, ({ name }: { name: string }) => name),
    );
  }
  if (notFound.length > 0) {
    log(
      "INFO",
      "Could not find the following repositories in any remote:\n" +
        notFound.map((name) => `  ${name}`).join("\n"),
    );
  }
}
