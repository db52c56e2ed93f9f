import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { prepareBase, rustBase, SETTINGS } from "../lib/rustc_wrap/mod.ts";
import type { Output } from "./output.ts";
import { readOwnSettings } from "./rustc_wrap_settings.ts";
import { UsageError } from "./usage_error.ts";

/** Makes `superorch rustc-wrap doc`. */
export function docCommand(output: Output): CommandUnknownOpts {
  return new Command("doc")
    .description("Tell what the settings mean.")
    .argument("[variable...]", "only these: variables, or names as in TOML")
    .action((variables) => {
      const rows = SETTINGS.filter(({ key, names }) =>
        variables.length === 0 || variables.some((name) => name === key || names.includes(name))
      );
      const unknown = variables.filter((name) =>
        !SETTINGS.some((row) => row.key === name || row.names.includes(name))
      );
      if (unknown.length > 0) {
        throw new UsageError(unknown.map((name) => `There is no setting ${name}`).join("\n"));
      }
      const texts = rows.map((row) => {
        const { key, names, envOnly, choices, fallback, fallbackText, meaning } = row;
        const choice = choices === undefined ? "" : `: ${choices.join(", ")}`;
        return [
          names.join(" "),
          `    ${meaning.replaceAll("`", "")}${choice}`,
          `    default: ${(fallbackText ?? (fallback || "nothing")).replaceAll("`", "")}`,
          `    in TOML: ${envOnly === true ? "no" : key}`,
        ].join("\n");
      });
      output.out.write(`${texts.join("\n\n")}\n`);
    });
}

/** Makes `superorch rustc-wrap show-rust-base`. */
export function showRustBaseCommand(output: Output): CommandUnknownOpts {
  return new Command("show-rust-base")
    .description("Print the stage that crates are compiled in, as a Dockerfile.")
    .option("--target <triple>", "for another target than this machine's own")
    .action(async ({ target }) => {
      const { settings } = await readOwnSettings();
      const options = { settings, env: Deno.env.toObject(), cwd: Deno.cwd() };
      output.out.write(await rustBase({ ...options, ...target === undefined ? {} : { target } }));
    });
}

/**
 * Makes what `cargo fetch` has left to be had: after it, a build needs no network.
 *
 * @param words The words for cargo.
 * @param output Where it tells what takes long.
 */
export async function fetchBase(words: readonly string[], output: Output): Promise<void> {
  const { settings } = await readOwnSettings(words);
  if (settings.runner === "local" || settings.runner === "none") return;
  const targets = words.flatMap((word, at) => {
    if (word.startsWith("--target=")) return [word.slice("--target=".length)];
    return word === "--target" && words[at + 1] !== undefined ? [words[at + 1]!] : [];
  });
  for (const target of targets.length === 0 ? [undefined] : targets) {
    await prepareBase({
      settings,
      env: Deno.env.toObject(),
      cwd: Deno.cwd(),
      onNote: (text) => output.err.write(`${text}\n`),
      ...target === undefined ? {} : { target },
    });
  }
}
