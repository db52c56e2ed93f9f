import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** Names that scripts know, and the words that they stand for. */
const LINKS: Readonly<Record<string, readonly string[]>> = {
  superorch: [],
  ytt: ["ytt"],
};

/**
 * Makes `superorch install-links`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function installLinksCommand(output: Output): CommandUnknownOpts {
  return new Command("install-links")
    .description(
      `Write small executables that start this very superorch under the names that scripts know: ${
        Object.keys(LINKS).join(", ")
      }.`,
    )
    .argument("<directory>", "where; it is made if it is not there")
    .argument("[name...]", "only these names")
    .option("-f, --force", "replace what is there and is not ours")
    .action(async (directory, names, { force }) => {
      const wanted = names.length === 0 ? Object.keys(LINKS) : names;
      const unknown = wanted.find((name) => !(name in LINKS));
      if (unknown !== undefined) {
        const known = Object.keys(LINKS).join(", ");
        throw new UsageError(`Cannot link "${unknown}": the names are ${known}`);
      }
      await Deno.mkdir(directory, { recursive: true });
      for (const name of wanted) {
        const path = await writeLink(directory, name, force === true);
        output.out.write(`${path}\n`);
      }
    });
}

/** Marks a file as one that may be written again. */
const MARK = "made by superorch install-links";

async function writeLink(directory: string, name: string, force: boolean): Promise<string> {
  const windows = Deno.build.os === "windows";
  const path = `${directory.replace(/[\\/]+$/, "")}/${name}${windows ? ".cmd" : ""}`;
  const there = await Deno.readTextFile(path).catch(() => undefined);
  const taken = there === undefined ? await exists(path) : !there.includes(MARK);
  if (taken && !force) {
    throw new UsageError(`Cannot write "${path}": something else is there; --force replaces it`);
  }
  const words = [...ownCommand(), ...LINKS[name]!];
  const text = windows
    ? `@rem ${MARK}\r\n@${words.map((word) => `"${word}"`).join(" ")} %*\r\n`
    : `#!/bin/sh\n# ${MARK}\nexec ${words.map(quote).join(" ")} "$@"\n`;
  // A link that is running keeps its old file.
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  await Deno.writeTextFile(temporary, text, { mode: 0o755 });
  await Deno.rename(temporary, path);
  return path;
}

/** What starts this program again: the binary itself, or Deno with the file or URL it came from. */
function ownCommand(): readonly string[] {
  if ((Deno.build as { standalone?: boolean }).standalone === true) return [Deno.execPath()];
  const { mainModule } = Deno;
  const source = mainModule.startsWith("file://")
    ? decodeURIComponent(new URL(mainModule).pathname)
    : mainModule;
  // A bundle has no ending that says what it is.
  const kind = /\.[cm]?[jt]s$/.test(source) ? [] : ["--ext=js", "--no-config"];
  return [Deno.execPath(), "run", "-q", "-A", ...kind, source];
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
