import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { formatJson, type Output } from "./output.ts";
import { VERSION } from "./version.ts";

/**
 * Makes `superorch version`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function versionCommand(output: Output): CommandUnknownOpts {
  return new Command("version")
    .description("Print the versions of superorch and of what it runs on.")
    .option("--json", "print JSON")
    .action(({ json }) => {
      const { os, arch } = Deno.build;
      const report = { superorch: VERSION, ...Deno.version, os, arch };
      if (json === true) output.out.write(formatJson(report));
      else {
        output.out.write(
          `superorch ${VERSION}\ndeno ${Deno.version.deno} (V8 ${Deno.version.v8}, ` +
            `TypeScript ${Deno.version.typescript})\n${os} ${arch}\n`,
        );
      }
    });
}
