import { manifestSchema } from "../lib/buildr/schema.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { writeAtomic } from "../lib/files/mod.ts";
import { formatJson, type Output } from "./output.ts";

/**
 * Makes `superorch buildr schema`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function schemaCommand(output: Output): CommandUnknownOpts {
  return new Command("schema")
    .description(
      "Print the JSON Schema of manifests, for editors. With it in .buildr-out/schema.json, the " +
        'line "# yaml-language-server: $schema=./.buildr-out/schema.json" at the top of a ' +
        "manifest gives completion and checks while typing.",
    )
    .option("-o, --output <file>", "write it into a file")
    .action(async (...words) => {
      const { output: path } = words[0] as { readonly output?: string };
      const text = formatJson(manifestSchema());
      if (path === undefined) return output.out.write(text);
      const directory = /^(.*)\/\.buildr-out\/[^/]*$/.exec(`./${path}`)?.[1];
      await writeAtomic(path, text, { parents: true });
      // Nobody wants to commit what is in there.
      if (directory !== undefined) {
        const ignore = `${path.slice(0, path.lastIndexOf("/"))}/.gitignore`;
        await Deno.writeTextFile(ignore, "*\n", { createNew: true }).catch((error) => {
          if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
        });
      }
    }) as unknown as CommandUnknownOpts;
}
