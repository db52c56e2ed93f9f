import { absolute } from "../lib/buildr/manifest/find.ts";
import { type ImportKind, importManifest } from "../lib/buildr/import/import_manifest.ts";
import { existingManifest } from "../lib/buildr/init/init_manifest.ts";
import { Command, type CommandUnknownOpts, Option } from "../lib/deps/commander.ts";
import { plainDiagnostics, renderDiagnostics } from "../lib/diagnostics/mod.ts";
import { writeNew } from "./buildr_init.ts";
import { formatJson, type Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

interface ImportFlags {
  readonly path?: string;
  readonly kind?: ImportKind;
  readonly output?: string;
  readonly print?: boolean;
  readonly json?: boolean;
}

/**
 * Makes `superorch buildr import`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function importCommand(output: Output): CommandUnknownOpts {
  return new Command("import")
    .description(
      "Make a .buildr.yml of a .gitlab-ci.yml or a .travis.yml. What cannot be mapped is told, " +
        "with its line.",
    )
    .argument("[file]", "the file; default: the first of the two that is there")
    .option("--path <directory>", "the project; default: here")
    .addOption(new Option("--kind <kind>", "whose file it is").choices(["gitlab", "travis"]))
    .option("-o, --output <file>", "the file to write; default .buildr.yml")
    .option("--print", "print it instead")
    .option("--json", "print the manifest and the notes as JSON")
    .action(async (...words) => {
      const file = words[0] as string | undefined;
      const flags = words[1] as ImportFlags;
      const directory = absolute(flags.path ?? ".", Deno.cwd());
      const { kind, output: target, json, print } = flags;
      const prints = print === true || json === true;
      const existing = prints || target !== undefined
        ? undefined
        : await existingManifest(directory);
      if (existing !== undefined) {
        throw new UsageError(`Cannot write a manifest: there is "${existing}" already`);
      }
      const { text, notes } = await importManifest({
        directory,
        ...(file === undefined ? {} : { file: shownBelow(absolute(file, Deno.cwd()), directory) }),
        ...(kind === undefined ? {} : { kind }),
      });
      if (json === true) {
        return output.out.write(formatJson({ manifest: text, notes: plainDiagnostics(notes) }));
      }
      if (notes.length > 0) {
        output.err.write(`${renderDiagnostics(notes, { colour: output.err.colour })}\n`);
      }
      if (print === true) return output.out.write(text);
      const path = target === undefined ? `${directory}/.buildr.yml` : absolute(target, Deno.cwd());
      await writeNew(path, target ?? ".buildr.yml", text);
      const count = notes.length === 1 ? "1 note" : `${notes.length} notes`;
      output.err.write(`Wrote ${target ?? ".buildr.yml"}, with ${count}\n`);
    }) as unknown as CommandUnknownOpts;
}

function shownBelow(path: string, directory: string): string {
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : path;
}
