import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { didYouMean } from "../lib/diagnostics/mod.ts";
import { calledAs, NAMES } from "./names.ts";
import { formatJson, type Output } from "./output.ts";
import { ownCommand, shellQuote } from "./own_command.ts";
import { UsageError } from "./usage_error.ts";
import { wrapperLines } from "./_wrapper_link.ts";

/** Names of links whose command this program has. */
export function linkNames(commands: readonly string[]): readonly string[] {
  return Object.keys(NAMES).filter((name) => {
    const [command] = NAMES[name]!;
    return command === undefined || commands.includes(command);
  });
}

/**
 * Makes `superorch install-links`.
 *
 * @param output Where it prints.
 * @param commands The commands that this program has.
 * @returns The command.
 */
export function installLinksCommand(
  output: Output,
  commands: readonly string[],
): CommandUnknownOpts {
  const known = linkNames(commands);
  return new Command("install-links")
    .description(
      "Write small executables that start this very superorch under the names that scripts know: " +
        `${known.join(", ")}.`,
    )
    .argument("<directory>", "where; it is made if it is not there")
    .argument("[name...]", "only these names")
    .option("-f, --force", "replace what is there and is not ours")
    .option("--json", "print JSON: name and path of each")
    .action(async (directory, names, { force, json }) => {
      const wanted = names.length === 0 ? known : [...new Set(names)];
      requireKnown(wanted, known);
      const root = directory.replace(/(?<=.)[\\/]+$/, "");
      await makeDirectory(root);
      const suffix = Deno.build.os === "windows" ? ".cmd" : "";
      const links = wanted.map((name) => ({ name, path: `${root}/${name}${suffix}` }));
      // Nothing is written where one of them cannot be.
      if (force !== true) await requireOurs(links.map(({ path }) => path));
      for (const { name, path } of links) {
        await writeLink(name, path);
        if (json !== true) output.out.write(`${path}\n`);
      }
      if (json === true) output.out.write(formatJson(links));
    });
}

function requireKnown(wanted: readonly string[], known: readonly string[]): void {
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const lines = unknown.map((name) => {
    const meant = didYouMean(name, known);
    const hint = meant === undefined
      ? `the names are ${known.join(", ")}`
      : `did you mean "${meant}"?`;
    return `Cannot link "${name}": ${hint}`;
  });
  throw new UsageError(lines.join("\n"));
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory) {
      throw new UsageError(`Cannot write into "${path}": it is not a directory`);
    }
    throw error;
  }
}

/** Marks a file as one that may be written again. */
const MARK = "made by superorch install-links";

async function requireOurs(paths: readonly string[]): Promise<void> {
  const taken: string[] = [];
  for (const path of paths) {
    const text = await Deno.readTextFile(path).catch(() => undefined);
    const isTaken = text === undefined ? await exists(path) : !text.includes(MARK);
    if (isTaken) taken.push(path);
  }
  if (taken.length === 0) return;
  throw new UsageError(
    taken.map((path) => `Cannot write "${path}": something else is there; --force replaces it`)
      .join("\n"),
  );
}

/** Writes the executable of a name. */
export async function writeLink(name: string, path: string): Promise<void> {
  const text = Deno.build.os === "windows" ? windowsScript(name) : posixScript(name);
  // A link that is running keeps its old file.
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await Deno.writeTextFile(temporary, text);
    await Deno.chmod(temporary, 0o755).catch((error) => {
      if (Deno.build.os !== "windows") throw error;
    });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // it may not have come to be
    if (error instanceof Deno.errors.IsADirectory) {
      throw new UsageError(`Cannot write "${path}": it is a directory`);
    }
    throw error;
  }
}

function windowsScript(name: string): string {
  const { executable, args } = ownCommand();
  const words = [executable, ...args, calledAs(name)].map((word) => `"${word}"`).join(" ");
  return `@rem ${MARK}\r\n@${words} %*\r\n`;
}

// Deno may move, as when it was run by npx; then the one in PATH does. A checkout that is gone is
// said in the words of the person who runs the link, and not in Deno's.
function posixScript(name: string): string {
  const own = ownCommand();
  const { executable, args, file } = own;
  const lines = ["#!/bin/sh", `# ${MARK}`, `program=${shellQuote(executable)}`];
  if (args.length > 0) {
    lines.push(
      `[ -x "$program" ] || program=$(command -v deno) || {`,
      `  echo "${name}: cannot find Deno, neither at $program nor in PATH" >&2`,
      "  exit 127",
      "}",
    );
  }
  const target = file ?? (args.length === 0 ? executable : undefined);
  if (target !== undefined) {
    lines.push(
      `[ -e ${shellQuote(target)} ] || {`,
      `  echo ${shellQuote(`${name}: ${target} is gone; run superorch install-links again`)} >&2`,
      "  exit 127",
      "}",
    );
  }
  lines.push(...wrapperLines(name, own));
  const words = [...args, calledAs(name)].map(shellQuote).join(" ");
  return `${lines.join("\n")}\nexec "$program" ${words} "$@"\n`;
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
