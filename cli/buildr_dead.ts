import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { addClientFlags, CoordinatorClient, type RemoteBuild } from "./_buildr_client.ts";
import { formatAge, formatJson, formatTable, type Output } from "./output.ts";

interface DeadFlags {
  readonly coordinator?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

interface Dead {
  readonly dead: readonly {
    readonly id: string;
    readonly reason: string;
    readonly died_at: number;
    readonly job?: { readonly repo: string };
  }[];
}

/**
 * Makes `superorch buildr dead`.
 *
 * @param output Where it prints.
 * @returns The command, with one below it for each thing that can be done.
 */
export function deadCommand(output: Output): CommandUnknownOpts {
  const command = new Command("dead").description(
    "Look after builds that nobody runs any more: their agents were lost too often, or they were no builds.",
  );
  const below = (name: string, description: string) =>
    addClientFlags(command.command(name).description(description) as unknown as Command);
  below("list", "List them, oldest first.")
    .option("--json", "print JSON, with their last lines")
    .action(async (...words: unknown[]) => {
      const flags = words[0] as DeadFlags;
      const client = await CoordinatorClient.of(flags);
      const answer = await client.ask<Dead>("GET", "/api/v1/dead");
      if (flags.json === true) return output.out.write(formatJson(answer));
      const rows = answer.dead.map(({ id, reason, died_at, job }) => [
        id,
        job?.repo ?? "-",
        formatAge((Date.now() - died_at) / 1_000),
        reason,
      ]);
      output.out.write(formatTable(["ID", "REPOSITORY", "AGE", "REASON"], rows, output.out));
    });
  below("retry", "Build them again, under new ids, which are printed.")
    .argument("<id...>", "their ids")
    .action(async (...words: unknown[]) => {
      const [ids, flags] = words as [readonly string[], DeadFlags];
      const client = await CoordinatorClient.of(flags);
      for (const id of ids) {
        const { build } = await client.ask<{ readonly build: RemoteBuild }>(
          "POST",
          `/api/v1/dead/${encodeURIComponent(id)}/retry`,
        );
        output.out.write(`${build.id}\n`);
      }
    });
  below("drop", "Forget them.")
    .argument("<id...>", "their ids")
    .action(async (...words: unknown[]) => {
      const [ids, flags] = words as [readonly string[], DeadFlags];
      const client = await CoordinatorClient.of(flags);
      for (const id of ids) {
        await client.ask("DELETE", `/api/v1/dead/${encodeURIComponent(id)}`);
        output.err.write(`Dropped "${id}"\n`);
      }
    });
  return command as unknown as CommandUnknownOpts;
}
