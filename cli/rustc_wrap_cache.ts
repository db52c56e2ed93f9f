import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { DiskStore, exportResults, importResults, keptResults } from "../lib/rustc_wrap/mod.ts";
import { formatAge, formatJson, formatTable, type Output } from "./output.ts";
import { readOwnSettings } from "./rustc_wrap_settings.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch rustc-wrap cache`: the results that are kept on this machine.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function cacheCommand(output: Output): CommandUnknownOpts {
  return new Command("cache")
    .description("Look into the results that are kept on this machine, and remove them.")
    .addCommand(listCommand(output))
    .addCommand(statsCommand(output))
    .addCommand(removeCommand(output))
    .addCommand(exportCommand(output))
    .addCommand(importCommand(output)) as unknown as CommandUnknownOpts;
}

/** The store of the settings. */
export async function ownStore(): Promise<DiskStore> {
  const { settings } = await readOwnSettings();
  const { cacheDir, cacheLimitBytes: limitBytes } = settings;
  if (cacheDir === undefined) {
    throw new UsageError("Cannot look for results: CARGOGREEN_CACHE_DIR says that none are kept");
  }
  return new DiskStore({ directory: `${cacheDir}/store`, limitBytes });
}

function listCommand(output: Output) {
  return new Command("ls")
    .description("List the results, those that were used last first.")
    .option("--json", "print JSON")
    .action(async ({ json }) => {
      const results = await keptResults(await ownStore());
      if (json === true) return output.out.write(formatJson(results));
      const rows = results.map(({ key, name, sizeBytes, usedMs, public: isPublic }) => [
        key.slice(0, 16),
        String(sizeBytes),
        formatAge((Date.now() - usedMs) / 1000),
        isPublic ? "public" : "private",
        name,
      ]);
      output.out.write(formatTable(["KEY", "BYTES", "USED", "SEEN BY", "NAME"], rows, output.out));
    });
}

function statsCommand(output: Output) {
  return new Command("stats")
    .description("Tell how much is kept.")
    .option("--json", "print JSON")
    .action(async ({ json }) => {
      const { settings } = await readOwnSettings();
      const store = await ownStore();
      let results = 0;
      let units = 0;
      let bytes = 0;
      for (const { kind, sizeBytes } of store.list()) {
        if (kind === "result") results++;
        else units++;
        bytes += sizeBytes;
      }
      const limitBytes = settings.cacheLimitBytes;
      const { directory } = store;
      if (json === true) {
        return output.out.write(formatJson({ directory, results, units, bytes, limitBytes }));
      }
      output.out.write(
        `${results} results of ${units} units in ${directory}: ${bytes} of ${limitBytes} bytes\n`,
      );
    });
}

function removeCommand(output: Output) {
  return new Command("rm")
    .description("Remove results.")
    .argument("[key...]", "keys, or how they begin (8 characters and more)")
    .option("--all", "remove all of them")
    .action(async (keys, { all }) => {
      if ((keys.length === 0) === (all !== true)) {
        throw new UsageError("Cannot remove results: name keys, or say --all");
      }
      const wrong = keys.filter((key) => !/^[0-9a-f]{8,64}$/.test(key));
      if (wrong.length > 0) {
        throw new UsageError(wrong.map((key) => `Not a key: ${JSON.stringify(key)}`).join("\n"));
      }
      const store = await ownStore();
      const blobs = [...store.list()];
      const unknown = keys.filter((key) => !blobs.some((blob) => blob.key.startsWith(key)));
      if (unknown.length > 0) {
        throw new UsageError(unknown.map((key) => `There is no result ${key}`).join("\n"));
      }
      let removed = 0;
      for (const { kind, key } of blobs) {
        if (all !== true && !keys.some((begin) => key.startsWith(begin))) continue;
        store.remove(kind, key);
        if (kind === "result") removed++;
      }
      store.sweep(); // counts anew
      output.err.write(`Removed ${removed} results\n`);
    });
}

function exportCommand(output: Output) {
  return new Command("export")
    .description("Write all results to a file, private ones too.")
    .argument("<file>", "an archive that import reads; - is standard output")
    .action(async (file) => {
      const store = await ownStore();
      const archive = exportResults(store);
      if (file === "-") {
        for await (const part of archive) output.out.writeBytes?.(part);
        return;
      }
      const temporary = `${file}.${crypto.randomUUID().slice(0, 8)}.tmp`;
      try {
        await Deno.writeFile(temporary, archive, { mode: 0o600 });
        await Deno.rename(temporary, file);
      } catch (error) {
        await Deno.remove(temporary).catch(() => {}); // it may not have come to be
        throw error;
      }
    });
}

function importCommand(output: Output) {
  return new Command("import")
    .description("Keep the results of a file that export wrote.")
    .argument("<file>", "the archive; - is standard input")
    .action(async (file) => {
      const store = await ownStore();
      const archive = file === "-" ? Deno.stdin.readable : (await openFile(file)).readable;
      const { imported, refused } = await importResults(store, archive);
      output.err.write(
        `Imported ${imported}${refused === 0 ? "" : `, left out ${refused} that are damaged`}\n`,
      );
    });
}

async function openFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(`Cannot import ${JSON.stringify(path)}: there is no such file`);
    }
    throw error;
  }
}
