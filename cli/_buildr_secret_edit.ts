import { BuildrInputError } from "../lib/buildr/input_error.ts";
import { Diagnostics, SourceText } from "../lib/diagnostics/mod.ts";
import { emitYaml, parseYaml } from "../lib/yaml_tree/mod.ts";
import { UsageError } from "./usage_error.ts";

const HEAD = "# Names and values; what is changed or added is encrypted when the editor ends.\n";

/**
 * Lets a person edit values in an editor, in a file that only they can read and that is gone again
 * at the end; in memory where there is such a directory.
 *
 * @param before The values.
 * @returns Those that are new or changed.
 */
export async function editSecrets(
  before: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const editor = Deno.env.get("VISUAL") || Deno.env.get("EDITOR");
  if (!editor) throw new UsageError('Cannot edit: set "VISUAL" or "EDITOR"');
  const directory = await Deno.makeTempDir({ prefix: "superorch-secret-", ...await inMemory() });
  // Ctrl-C is the editor's; what ends this program must not leave the values behind.
  const stay = () => {};
  const leave = () => {
    Deno.removeSync(directory, { recursive: true });
    Deno.exit(143);
  };
  Deno.addSignalListener("SIGINT", stay);
  for (const name of ["SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(name, leave);
  try {
    const path = `${directory}/secrets.yaml`;
    const values = before.size === 0 ? "" : emitYaml(Object.fromEntries(before));
    await Deno.writeTextFile(path, HEAD + values, { createNew: true, mode: 0o600 });
    // As git does it: the shell takes the variable apart, which may have options in it.
    const { code } = await new Deno.Command("sh", {
      args: ["-c", `${editor} "$@"`, "sh", path],
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).output();
    if (code !== 0) throw new BuildrInputError(`The editor ended with ${code}: nothing is changed`);
    return await changes(before, await Deno.readTextFile(path));
  } finally {
    Deno.removeSignalListener("SIGINT", stay);
    for (const name of ["SIGTERM", "SIGHUP"] as const) Deno.removeSignalListener(name, leave);
    await Deno.remove(directory, { recursive: true });
  }
}

async function inMemory(): Promise<{ readonly dir?: string }> {
  try {
    return (await Deno.stat("/dev/shm")).isDirectory ? { dir: "/dev/shm" } : {};
  } catch {
    // Not on every system, and not needed.
    return {};
  }
}

async function changes(
  before: ReadonlyMap<string, string>,
  text: string,
): Promise<ReadonlyMap<string, string>> {
  const diagnostics = new Diagnostics();
  // The name alone, so that no message shows a value.
  const [root] = await parseYaml(new SourceText("secrets", text), diagnostics) ?? [];
  if (diagnostics.errors.length > 0) {
    const [first] = diagnostics.errors;
    const { line } = first!.source.positionAt(first!.range.start);
    throw new BuildrInputError(`Cannot read what was edited, at line ${line}: nothing is changed`);
  }
  const result = new Map<string, string>();
  const entries = root?.kind === "map" ? root.entries : new Map();
  for (const [name, { value }] of entries) {
    if (value.kind !== "scalar") {
      throw new BuildrInputError(`The value of "${name}" must be a text: nothing is changed`);
    }
    if (before.get(name) !== value.text) result.set(name, value.text);
  }
  for (const name of before.keys()) {
    if (entries.has(name)) continue;
    throw new BuildrInputError(
      `Secret "${name}" is gone from what was edited: take it out of the manifest by hand`,
    );
  }
  return result;
}
