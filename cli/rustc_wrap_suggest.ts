import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { suggestions } from "../lib/rustc_wrap/mod.ts";
import { formatJson, type Output } from "./output.ts";
import { readOwnSettings } from "./rustc_wrap_settings.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch rustc-wrap suggest`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function suggestCommand(output: Output): CommandUnknownOpts {
  return new Command("suggest")
    .description(
      "Say what keeps this project's results from being shared with others, and what would change " +
        "it. Nothing is changed.",
    )
    .option("--json", "print JSON: what was found, and a change, of each")
    .action(async ({ json }) => {
      const { settings } = await readOwnSettings();
      const options = { settings, env: Deno.env.toObject(), cwd: Deno.cwd() };
      const found = await suggestions(options).catch((error) => {
        throw error instanceof TypeError ? new UsageError(error.message) : error;
      });
      if (json === true) output.out.write(formatJson(found));
      else for (const { found: what, change } of found) output.out.write(`${what}\n  ${change}\n`);
    });
}
