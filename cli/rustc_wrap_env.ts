import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import type { ResolvedSetting } from "../lib/rustc_wrap/mod.ts";
import { formatJson, type Output } from "./output.ts";
import { shellQuote } from "./own_command.ts";
import { readOwnSettings } from "./rustc_wrap_settings.ts";

/**
 * Makes `superorch rustc-wrap env`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function envCommand(output: Output): CommandUnknownOpts {
  return new Command("env")
    .description("Show the settings in use in this directory, and where each came from.")
    .argument("[variable...]", "only these; names that are none of ours are left out")
    .option("--json", "print JSON: name, value and source of each")
    .action(async (variables, { json }) => {
      const { rows } = await readOwnSettings();
      const named = rows.filter(({ row }) => row.names.some((name) => variables.includes(name)));
      const shown = named.length === 0 ? rows : named;
      if (json === true) {
        output.out.write(formatJson(shown.map((setting) => ({
          name: nameOf(setting, variables),
          value: setting.value,
          source: setting.source,
        }))));
        return;
      }
      for (const setting of shown) {
        const { value, source } = setting;
        const text = shellQuote(typeof value === "object" ? value.join(",") : String(value));
        const assignment = `${nameOf(setting, variables)}=${text}`;
        // One that is asked for by its name is read by a script.
        output.out.write(named.length > 0 ? `${assignment}\n` : `${assignment} # ${source}\n`);
      }
    });
}

function nameOf({ row }: ResolvedSetting, asked: readonly string[]): string {
  return row.names.find((name) => asked.includes(name)) ?? row.names[0]!;
}
