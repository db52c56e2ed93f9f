import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { type CheckState, diagnose, type Diagnosis } from "../lib/doctor/mod.ts";
import { CtrlC, InterruptedError } from "../lib/retry/mod.ts";
import { ExitCode } from "./exit_code.ts";
import { escapeControl, formatJson, type Output, type Sink } from "./output.ts";

/**
 * Makes `superorch doctor`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function doctorCommand(output: Output): CommandUnknownOpts {
  return new Command("doctor")
    .description(
      "Look at the engine that superorch would use and at what containers need of it. Each check " +
        "is ok, a warning or a failure, with what mends it. Nothing is changed; one container is " +
        "run and removed. Exit code 1 where a check failed.",
    )
    .option("--no-container", "run no container, and so look at no names inside of one")
    .option("--json", "print JSON: ok, checks (name, state, message, mend), skipped, tried")
    .action(async ({ container, json }) => {
      const diagnosis = await interruptibly((signal) => diagnose({ container, signal }));
      const isOk = diagnosis.checks.every(({ state }) => state !== "failure");
      output.out.write(
        json === true
          ? formatJson({ ok: isOk, ...diagnosis })
          : formatDiagnosis(diagnosis, output.out),
      );
      if (!isOk) throw new ExitCode(1);
    });
}

// What was made on the engine is removed before the program ends.
async function interruptibly<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  using ctrlC = CtrlC.listen({ signals: Deno.build.os === "windows" ? ["SIGINT"] : signals });
  try {
    return await work(ctrlC.signal);
  } catch (error) {
    if (error instanceof InterruptedError) throw new ExitCode(error.exitCode);
    throw error;
  }
}

const COLOURS: Readonly<Record<CheckState, string>> = { ok: "32", warning: "33", failure: "31" };

function formatDiagnosis({ checks, skipped, tried }: Diagnosis, sink: Sink): string {
  const paint = (code: string, text: string) => sink.colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  const lines: string[] = [];
  for (const { name, state, message, mend } of checks) {
    const label = paint(COLOURS[state], state.padEnd(7));
    lines.push(`${label}  ${name.padEnd(9)}  ${escapeControl(message)}`);
    if (mend !== undefined) lines.push(`${"".padEnd(20)}try: ${escapeControl(mend)}`);
    if (name !== "engine") continue;
    for (const { source, host, outcome, reason } of tried) {
      const what = outcome === "failed" ? reason ?? "" : outcome;
      lines.push(paint("2", escapeControl(`${"".padEnd(20)}${host} (${source}): ${what}`)));
    }
  }
  if (skipped.length > 0) lines.push(`Not looked at: ${skipped.join(", ")}`);
  const count = (state: CheckState) => checks.filter((check) => check.state === state).length;
  const plural = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  lines.push(
    `${count("ok")} ok, ${plural(count("warning"), "warning")}, ${
      plural(count("failure"), "failure")
    }`,
  );
  return `${lines.join("\n")}\n`;
}
