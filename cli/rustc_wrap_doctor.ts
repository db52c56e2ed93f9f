import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import {
  checkSetup,
  recreateOwnBuilder,
  removeOwnBuilder,
  runnerCapabilities,
} from "../lib/rustc_wrap/mod.ts";
import { ExitCode } from "./exit_code.ts";
import { formatJson, formatTable, type Output } from "./output.ts";
import { readOwnSettings } from "./rustc_wrap_settings.ts";
import { UsageError } from "./usage_error.ts";

/** Makes `superorch rustc-wrap doctor`. */
export function wrapDoctorCommand(output: Output): CommandUnknownOpts {
  return new Command("doctor")
    .description("Look at everything that a wrapped build needs; exit code 1 when some is missing.")
    .option("--json", "print JSON")
    .action(async ({ json }) => {
      const { settings } = await readOwnSettings();
      const checks = await checkSetup({ settings, env: Deno.env.toObject(), cwd: Deno.cwd() });
      const rows = checks.map(({ what, ok, found }) => [ok ? "ok" : "wrong", what, found]);
      output.out.write(
        json === true
          ? formatJson(checks)
          : formatTable(["STATE", "WHAT", "FOUND"], rows, output.out),
      );
      if (checks.some(({ ok }) => !ok)) throw new ExitCode(1);
    });
}

/** Makes `superorch rustc-wrap builder`. */
export function builderCommand(output: Output): CommandUnknownOpts {
  const onNote = (text: string) => output.err.write(`${text}\n`);
  return new Command("builder")
    .description("Show the builder of the settings and what it can do, as JSON.")
    .action(async () => {
      const { settings } = await readOwnSettings();
      if (settings.runner === "local" || settings.runner === "none") {
        throw new UsageError(`The runner ${settings.runner} has no builder`);
      }
      const env = Deno.env.toObject();
      output.out.write(formatJson(await runnerCapabilities({ settings, env })));
    })
    .addCommand(
      new Command("rm")
        .description("Remove the builder that the runner buildx has made, with what it has cached.")
        .action(async () => {
          const { settings } = await readOwnSettings();
          const name = await removeOwnBuilder({ settings, env: Deno.env.toObject(), onNote });
          output.err.write(
            name === undefined ? "There is no builder of ours\n" : `Removed the builder ${name}\n`,
          );
        }),
    )
    .addCommand(
      new Command("recreate")
        .description("Make that builder anew; what it has cached is kept where that works.")
        .option("--clean", "keep nothing")
        .action(async ({ clean }) => {
          const { settings } = await readOwnSettings();
          const env = Deno.env.toObject();
          const name = await recreateOwnBuilder({ settings, env, onNote, clean: clean === true });
          output.err.write(`Made the builder ${name}\n`);
        }),
    ) as unknown as CommandUnknownOpts;
}

/** Makes `superorch rustc-wrap setup`. */
export function setupCommand(output: Output): CommandUnknownOpts {
  return new Command("setup")
    .description("Print the lines for a shell that make cargo use the wrapper. Nothing is changed.")
    .action(() => {
      output.out.write(
        'superorch install-links "$HOME/.local/bin" rustcbuildx cargo-green\n' +
          'export PATH="$HOME/.local/bin:$PATH"\nexport RUSTC_WRAPPER=rustcbuildx\n',
      );
    });
}
