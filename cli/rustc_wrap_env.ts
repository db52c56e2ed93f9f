import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import type { ResolvedSetting } from "../lib/rustc_wrap/mod.ts";
import { formatJson, type Output } from "./output.ts";
import { shellQuote } from "./own_command.ts";
import { readOwnSettings } from "./rustc_wrap_settings.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch rustc-wrap env`.
 *
 * @param output Where it prints.
 * @param green Whether it is `cargo green supergreen env`: values alone for names, which must be ours.
 * @returns The command.
 */
export function envCommand(output: Output, green = false): CommandUnknownOpts {
  return new Command("env")
    .description("Show the settings in use in this directory, and where each came from.")
    .argument(
      "[variable...]",
      green ? "only the values of these" : "only these; names that are none of ours are left out",
    )
    .option("--json", "print JSON: name, value and source of each")
    .action(async (variables, { json }) => {
      const { rows } = await readOwnSettings();
      if (green) {
        const known = rows.flatMap(({ row }) => row.names);
        const unknown = variables.filter((name) => !known.includes(name));
        if (unknown.length > 0) {
          throw new UsageError(unknown.map((name) => `There is no setting ${name}`).join("\n"));
        }
      }
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
      if (green && variables.length > 0) {
        for (const name of variables) {
          const { value } = rows.find(({ row }) => row.names.includes(name))!;
          output.out.write(`${typeof value === "object" ? value.join(",") : value}\n`);
        }
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
