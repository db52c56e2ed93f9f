import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { addClientFlags, CoordinatorClient, type RemoteBuild } from "./_buildr_client.ts";
import type { Output } from "./output.ts";

interface CancelFlags {
  readonly coordinator?: string;
  readonly tokenFile?: string;
  readonly reason?: string;
}

/**
 * Makes `superorch buildr cancel`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function cancelCommand(output: Output): CommandUnknownOpts {
  const command = new Command("cancel")
    .description(
      "Stop builds of a coordinator: one that waits never starts, one that runs is ended.",
    )
    .argument("<build...>", "ids or numbers")
    .option("--reason <text>", "why, for those who look at it later");
  return addClientFlags(command as unknown as Command).action(async (...words: unknown[]) => {
    const [ids, flags] = words as [readonly string[], CancelFlags];
    const client = await CoordinatorClient.of(flags);
    for (const id of ids) {
      const { build } = await client.ask<{ readonly build: RemoteBuild }>(
        "POST",
        `/api/v1/builds/${encodeURIComponent(id)}/cancel`,
        { reason: flags.reason },
      );
      const what = build.status === "running" ? "is being stopped" : `is ${build.status}`;
      output.err.write(`Build #${build.number} ${what}\n`);
    }
  }) as unknown as CommandUnknownOpts;
}
