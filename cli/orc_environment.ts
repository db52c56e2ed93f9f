import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { buildEnvironment, exportLines } from "../lib/orchestra/environment/mod.ts";
import type { OrcContext } from "./_orc_context.ts";

/** Makes `orc environment`. */
export function environmentCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("environment")
    .description("Print the variables that scripts get, as lines of bash.")
    .argument("[component]", "the component, or component@build, that they are for")
    .option("--json", "as a list of entries, with values as bash is given them in double quotes")
    .action(async (spec, { json }) => {
      const configuration = await context.configuration();
      const target = spec === undefined ? undefined : (await context.build(spec)).target;
      const environment = buildEnvironment(configuration, target === undefined ? {} : { target });
      if (json) context.printJson(environment);
      else context.print(exportLines(environment));
    });
}
