import { type DownEvent, downProject } from "../lib/compose/mod.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { durationMs } from "./_duration.ts";
import { listenToInterrupts } from "./_interrupt.ts";
import { addComposeFlags, type ComposeFlags } from "./compose.ts";
import { ExitCode } from "./exit_code.ts";
import { plainText } from "./live/text_width.ts";
import { formatJsonLine, type Output } from "./output.ts";
import { loadTarget } from "./up_target.ts";
import { UsageError } from "./usage_error.ts";

interface DownFlags extends ComposeFlags {
  readonly volumes?: boolean;
  readonly timeout?: number;
  readonly removeOrphans?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * Makes `superorch down`.
 *
 * @param output Where it prints: what was removed on standard output.
 * @returns The command.
 */
export function downCommand(output: Output): CommandUnknownOpts {
  const command = new Command("down")
    .description(
      "End and remove all containers and networks of a project, those that its file does not have " +
        "any more too. With -p and a name no file is read.",
    )
    .argument("[file]", "a compose file or module; default: compose.yaml here or above");
  return (addComposeFlags(command) as unknown as typeof command)
    .option("-v, --volumes", "remove its volumes too, with everything in them")
    .option(
      "-t, --timeout <time>",
      "how long services may take to end, instead of what each says",
      durationMs,
    )
    .option("--remove-orphans", "for scripts that say so; it is always done")
    .option("--json", "print events as JSON")
    .option("-q, --quiet", "show only failures")
    .action(async (file, ...words) => {
      const flags = words[0] as unknown as DownFlags;
      const name = await nameOf(file, flags, output);
      using interrupt = listenToInterrupts(() => {});
      try {
        await down(name, flags, output, interrupt.signal);
      } catch (error) {
        if (interrupt.exitCode !== undefined) throw new ExitCode(interrupt.exitCode);
        throw error;
      }
    }) as unknown as CommandUnknownOpts;
}

async function nameOf(
  file: string | undefined,
  flags: DownFlags,
  output: Output,
): Promise<string> {
  const { projectName } = flags;
  if (projectName !== undefined && file === undefined && flags.file === undefined) {
    if (/^[a-z0-9][-_a-z0-9]*$/.test(projectName)) return projectName;
    throw new UsageError(
      `Cannot use project name "${projectName}" from the command line: it must have small ` +
        `letters, digits, "-" and "_", the first one a letter or digit`,
    );
  }
  return (await loadTarget(file, flags, output)).name;
}

async function down(
  name: string,
  flags: DownFlags,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { volumes, timeout, json, quiet } = flags;
  const { removed, failed, volumesLeft } = await downProject(name, {
    ...(volumes === undefined ? {} : { volumes }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    signal,
    onEvent: (event) => {
      if (json === true) output.out.write(formatJsonLine(event));
      else if (event.kind === "failed") output.err.write(`${plainText(textOf(event))}\n`);
      else if (quiet !== true && (event.kind !== "stopping" || output.err.terminal)) {
        const sink = event.kind === "removed" ? output.out : output.err;
        sink.write(`${plainText(textOf(event))}\n`);
      }
    },
  });
  if (json === true) {
    const names = removed.map(({ kind, name }) => ({ kind, name }));
    output.out.write(formatJsonLine({ kind: "end", name, removed: names, volumesLeft }));
  } else if (quiet !== true) {
    if (removed.length === 0 && failed.length === 0) {
      output.err.write(`Nothing of "${name}" is there\n`);
    }
    if (volumesLeft.length > 0) {
      output.err.write(`Left: ${volumesLeft.map((one) => `volume "${one}"`).join(", ")}\n`);
    }
  }
  if (failed.length > 0) throw new ExitCode(1);
}

function textOf({ kind, object, name, text }: DownEvent): string {
  switch (kind) {
    case "stopping":
      return `Stopping ${object} ${name}`;
    case "removed":
      return `Removed ${object} ${name}`;
    case "failed":
      return `Error: Cannot remove ${object} "${name}": ${text}`;
    case "note":
      return text ?? "";
  }
}
