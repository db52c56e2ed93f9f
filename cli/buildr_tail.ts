import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { addClientFlags, CoordinatorClient, endOf, type RemoteBuild } from "./_buildr_client.ts";
import { tailBuild } from "./_buildr_tail.ts";
import type { Output } from "./output.ts";

interface TailFlags {
  readonly coordinator?: string;
  readonly tokenFile?: string;
}

/**
 * Makes `superorch buildr tail`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function tailCommand(output: Output): CommandUnknownOpts {
  const command = new Command("tail")
    .description(
      "Show the log of a coordinator's build from its beginning, until the build has ended, and end " +
        "as it does: 0 passed, 1 failed, 124 timed out, 130 cancelled, 255 error.",
    )
    .argument("<build>", "id or number");
  return addClientFlags(command as unknown as Command).action(async (...words: unknown[]) => {
    const [id, flags] = words as [string, TailFlags];
    const client = await CoordinatorClient.of(flags);
    const { build } = await client.ask<{ readonly build: RemoteBuild }>(
      "GET",
      `/api/v1/builds/${encodeURIComponent(id)}`,
    );
    const end = endOf(await tailBuild(client, build.id, output));
    if (end !== undefined) throw end;
  }) as unknown as CommandUnknownOpts;
}
