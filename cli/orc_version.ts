import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { ORCHESTRA_VERSION } from "../lib/orchestra/config/version.ts";
import type { OrcContext } from "./_orc_context.ts";
import { VERSION } from "./version.ts";

/** Makes `orc version`. */
export function versionCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("version")
    .description("Print the version of orchestra whose configurations are understood.")
    .option("--json", "as JSON, with the version of superorch")
    .action(({ json }) => {
      if (json) context.printJson({ orchestra: ORCHESTRA_VERSION, superorch: VERSION });
      else context.print(ORCHESTRA_VERSION);
    });
}
