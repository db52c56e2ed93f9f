import { loadManifest } from "../lib/buildr/manifest/load.ts";
import { BuildrInputError } from "../lib/buildr/input_error.ts";
import type { LoadManifestOptions, Manifest } from "../lib/buildr/manifest/model.ts";
import { defaultKeyPath, generateKeyPair, writeIdentity } from "../lib/buildr/secrets/identity.ts";
import {
  checkSecrets,
  readSecrets,
  rotateSecrets,
  setSecrets,
} from "../lib/buildr/secrets/store.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { editSecrets } from "./_buildr_secret_edit.ts";
import { readSecretValue } from "./_buildr_secret_input.ts";
import { ExitCode } from "./exit_code.ts";
import { EXIT } from "./failure.ts";
import { formatJson, formatTable, type Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

interface ManifestFlags {
  readonly path?: string;
  readonly file?: string;
}

/**
 * Makes `superorch buildr secret`.
 *
 * @param output Where it prints.
 * @returns The command, with one below it for each thing that can be done.
 */
export function secretCommand(output: Output): CommandUnknownOpts {
  const command = new Command("secret").description(
    "Keep secrets in the manifest, encrypted with age. Values never stand on a command line.",
  );
  command.command("keygen")
    .description("Make a key pair: the secret key goes into a file, the public one is printed.")
    .option("-o, --output <file>", "the file; default ~/.config/buildr/key.txt")
    .action(async (...words) => {
      const { output: path } = words[0] as { readonly output?: string };
      await keygen(path, output);
    });
  addManifestFlags(command.command("set"))
    .description("Encrypt a value, read from standard input, and write it into the manifest.")
    .argument("<name>", "name of the secret: that of the variable")
    .option("--from-file <file>", "take the value from a file, to the byte")
    .option("--as-file", "the variable holds the path of a file with the value")
    .action(async (...words) => {
      const name = words[0] as string;
      const flags = words[1] as ManifestFlags & { fromFile?: string; asFile?: boolean };
      // A stage may list it already: it is there in a moment.
      const manifest = await load(flags, { allowUndeclaredSecrets: true });
      const value = await readSecretValue(name, flags.fromFile, output);
      const options = flags.asFile === true ? { as: "file" as const } : {};
      const added = await setSecrets(manifest, new Map([[name, value]]), options);
      const what = added.length > 0 ? "Added" : "Changed";
      const hint = added.length > 0 ? `; a stage gets it with "secrets: [${name}]"` : "";
      output.err.write(`${what} secret "${name}" in ${manifest.source.file}${hint}\n`);
    });
  addManifestFlags(command.command("edit"))
    .description("Decrypt all values, edit them in $VISUAL or $EDITOR, and encrypt what changed.")
    .action(async (...words) => {
      const manifest = await load(words[0] as ManifestFlags);
      const before = await readSecrets(manifest);
      const changed = await editSecrets(before);
      if (changed.size === 0) return output.err.write("Nothing was changed\n");
      await setSecrets(manifest, changed);
      output.err.write(`Changed ${[...changed.keys()].map((name) => `"${name}"`).join(", ")}\n`);
    });
  addManifestFlags(command.command("rotate"))
    .description("Encrypt the values anew, for the recipients that the manifest has now.")
    .argument("[name...]", "only these; default: all")
    .action(async (...words) => {
      const manifest = await load(words[1] as ManifestFlags);
      const names = await rotateSecrets(manifest, words[0] as readonly string[]);
      const list = names.length === 0 ? "nothing" : names.map((name) => `"${name}"`).join(", ");
      output.err.write(`Encrypted ${list} anew\n`);
    });
  addManifestFlags(command.command("check"))
    .description("Try to decrypt every value; nothing of a value is shown.")
    .option("--json", "print JSON")
    .action(async (...words) => {
      const flags = words[0] as ManifestFlags & { readonly json?: boolean };
      const manifest = await load(flags);
      const states = await checkSecrets(manifest);
      if (flags.json === true) output.out.write(formatJson(states));
      else {
        const rows = states.map(({ name, problem, message, isShort }) => [
          name,
          problem ?? "ok",
          message ?? (isShort ? "so short that hiding it hides other words too" : ""),
        ]);
        output.out.write(formatTable(["SECRET", "STATE", "NOTE"], rows, output.out));
      }
      if (states.some(({ problem }) => problem !== undefined)) throw new ExitCode(EXIT.usage);
    });
  return command as unknown as CommandUnknownOpts;
}

function addManifestFlags(command: Command): Command {
  return command
    .option("--path <directory>", "the project; default: here")
    .option("-f, --file <file>", "the manifest") as unknown as Command;
}

async function load(
  { path, file }: ManifestFlags,
  options: LoadManifestOptions = {},
): Promise<Manifest> {
  return await loadManifest({
    ...options,
    ...(path === undefined ? {} : { path }),
    ...(file === undefined ? {} : { file }),
  });
}

async function keygen(path: string | undefined, output: Output): Promise<void> {
  const target = path ?? defaultKeyPath(Deno.env.toObject());
  if (target === undefined) {
    throw new UsageError('Cannot write a key: there is no home directory, name a file with "-o"');
  }
  const pair = await generateKeyPair();
  try {
    await writeIdentity(target, pair, Date.now());
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      throw new BuildrInputError(`Cannot write "${target}": ${(error as Error).message}`);
    }
    throw new UsageError(`Cannot write "${target}": it exists already, and may be in use`);
  }
  output.err.write(`Wrote the secret key to ${target}: keep it, and give it to nobody\n`);
  output.err.write(`Add this to "recipients" of the manifest:\n`);
  output.out.write(`${pair.recipient}\n`);
}
