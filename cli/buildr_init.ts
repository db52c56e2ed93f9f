import { absolute } from "../lib/buildr/manifest/find.ts";
import { existingManifest, initManifest } from "../lib/buildr/init/init_manifest.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

interface InitFlags {
  readonly path?: string;
  readonly kind?: string;
  readonly print?: boolean;
}

/**
 * Makes `superorch buildr init`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function initCommand(output: Output): CommandUnknownOpts {
  return new Command("init")
    .description("Find out what kind of project this is, and write a first .buildr.yml for it.")
    .option("--path <directory>", "the project; default: here")
    .option("--kind <kind>", "write it for this kind, where several fit")
    .option("--print", "print it instead")
    .action(async (...words) => {
      const { path = ".", kind, print } = words[0] as InitFlags;
      const directory = absolute(path, Deno.cwd());
      if (print !== true) {
        const existing = await existingManifest(directory);
        if (existing !== undefined) {
          throw new UsageError(`Cannot write a manifest: there is "${existing}" already`);
        }
      }
      const result = await initManifest({ directory, ...(kind === undefined ? {} : { kind }) });
      if (print === true) return output.out.write(result.text);
      await writeNew(`${directory}/.buildr.yml`, ".buildr.yml", result.text);
      const what = result.kind?.title ?? "a project of an unknown kind; fill in what is missing";
      output.err.write(`Wrote .buildr.yml for ${what}\n`);
      if (result.others.length > 0) {
        const names = result.others.map(({ name }) => `--kind ${name}`).join(", ");
        output.err.write(`It could be another kind, too: ${names}\n`);
      }
    }) as unknown as CommandUnknownOpts;
}

/** Writes a manifest where there is none. */
export async function writeNew(path: string, shown: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (error) {
    const reason = error instanceof Deno.errors.AlreadyExists
      ? "it exists already"
      : error instanceof Deno.errors.NotFound
      ? "there is no such directory"
      : error instanceof Deno.errors.PermissionDenied
      ? "it is not allowed"
      : (error as Error).message;
    throw new UsageError(`Cannot write "${shown}": ${reason}`);
  }
}
