import { LogLines } from "../lib/buildr/coordinator/server/log_lines.ts";
import type { CoordinatorClient } from "./_buildr_client.ts";
import { TerminalText } from "./live/terminal_text.ts";
import type { Output } from "./output.ts";

/**
 * Prints the log of a build while it is written, and what happens to its stages.
 *
 * @param client Where it runs.
 * @param id Its id.
 * @param output The log goes to standard output, everything else to standard error.
 * @returns How it ended.
 */
export async function tailBuild(
  client: CoordinatorClient,
  id: string,
  { out, err }: Output,
): Promise<string | undefined> {
  let lines = new LogLines();
  let attempt = 0;
  let last: string | undefined;
  let status: string | undefined;
  const print = (added: readonly { readonly stage: string; readonly text: string }[]) => {
    for (const { stage, text } of added) {
      if (stage !== last) err.write(`== ${stage === "" ? "agent" : safe(stage)}\n`);
      last = stage;
      out.write(out.terminal ? shown(text, out.colour) : `${text}\n`);
    }
  };
  for await (const event of client.events(id)) {
    if (event.attempt > attempt && event.type !== "finished") {
      if (attempt > 0) err.write(`== attempt ${event.attempt}\n`);
      attempt = event.attempt;
      lines = new LogLines();
      last = undefined;
    }
    if (event.type === "log") print(lines.add(event.stage ?? "", event.data ?? ""));
    else if (event.type === "stage" && event.status !== "waiting" && event.status !== "running") {
      err.write(`== ${safe(event.stage ?? "")}: ${event.status}\n`);
      last = undefined;
    } else if (event.type === "finished") {
      print(lines.flush());
      status = event.status;
      const reason = event.data === undefined || event.data === "" ? "" : `: ${safe(event.data)}`;
      err.write(`== ${status}${reason}\n`);
    }
  }
  return status;
}

function safe(text: string): string {
  return shown(text, false).trimEnd();
}

function shown(line: string, colour: boolean): string {
  const text = new TerminalText(colour);
  return text.push(`${line}\n`) + text.flush();
}
