import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { diagnoseOrchestra } from "../lib/orchestra/actions/diagnose.ts";
import { ORC_EXIT, type OrcContext } from "./_orc_context.ts";
import { ExitCode } from "./exit_code.ts";
import { escapeControl } from "./output.ts";

const COLOURS = { ok: "32", warning: "33", failure: "31" } as const;

/** Makes `orc doctor`. */
export function doctorCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("doctor")
    .description(
      "Look at the programs that orchestra needs, at remotes, directories and the root. Each " +
        "check is ok, a warning or a failure, with what mends it. Exit code 1 where one failed.",
    )
    .option("--json", "print JSON: ok, checks (name, state, message, mend)")
    .action(async ({ json }) => {
      const configuration = await context.configuration();
      const checks = await diagnoseOrchestra(configuration, { signal: context.signal });
      const ok = checks.every(({ state }) => state !== "failure");
      if (json === true) context.printJson({ ok, checks });
      const { colour } = context.output.out;
      for (const { name, state, message, mend } of json === true ? [] : checks) {
        const label = state.padEnd(7);
        const shown = colour ? `\x1b[${COLOURS[state]}m${label}\x1b[0m` : label;
        context.print(`${shown}  ${name.padEnd(9)}  ${escapeControl(message)}`);
        if (mend !== undefined) context.print(`${"".padEnd(20)}try: ${escapeControl(mend)}`);
      }
      if (!ok) throw new ExitCode(ORC_EXIT.failed);
    });
}
