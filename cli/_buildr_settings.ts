import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { Diagnostics, didYouMean, SourceText } from "../lib/diagnostics/mod.ts";
import { isNull, parseYaml, plainValue } from "../lib/yaml_tree/mod.ts";
import { addRunFlags } from "./_buildr_flags.ts";
import { UsageError } from "./usage_error.ts";

/** Flags that say what is meant this time only. */
const NEVER_KEPT = new Set(["help", "only", "from", "until", "rerunFailed", "dryRun"]);

/**
 * Has a command fill in what the command line leaves open, before it acts: from `BUILDR_NAME` in the
 * environment, then from `$XDG_CONFIG_HOME/buildr.yml`, whose keys are the long names of the flags
 * of `run`. Commands that choose no stages are left as they are.
 *
 * @param command The command.
 * @param env Reads the environment. Default `Deno.env.get`.
 */
export function withSettings(
  command: CommandUnknownOpts,
  env: (name: string) => string | undefined = Deno.env.get,
): CommandUnknownOpts {
  if (!command.options.some(({ long }) => long === "--matrix")) return command;
  return command.hook("preAction", async (_command, acting) => {
    for (const [name, value] of Object.entries(await settingsFor(acting, env))) {
      acting.setOptionValueWithSource(name, value, "config");
    }
  });
}

async function settingsFor(
  command: CommandUnknownOpts,
  env: (name: string) => string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const flags = new Map<string, { readonly name: string; readonly wantsValue: boolean }>();
  for (const option of command.options) {
    const key = option.attributeName();
    if (NEVER_KEPT.has(key)) continue;
    const name = option.long?.replace(/^--(no-)?/, "") ?? key;
    const known = flags.get(name);
    flags.set(name, {
      name: key,
      wantsValue: known?.wantsValue === true || option.required || option.optional,
    });
  }
  const found: Record<string, unknown> = {};
  const config = await readConfig(env, knownFlags());
  for (const [long, { name, wantsValue }] of flags) {
    const source = command.getOptionValueSource(name);
    if (source !== undefined && source !== "default") continue;
    const variable = `BUILDR_${long.toUpperCase().replaceAll("-", "_")}`;
    const text = env(variable);
    if (text !== undefined && text !== "") {
      found[name] = read(command, name, text.split(","), wantsValue, variable);
    } else if (config.values.has(long)) {
      found[name] = read(command, name, config.values.get(long) ?? [], wantsValue, config.path);
    }
  }
  return found;
}

function knownFlags(): readonly string[] {
  const names = addRunFlags(new Command() as unknown as CommandUnknownOpts).options
    .filter((option) => !NEVER_KEPT.has(option.attributeName()))
    .map(({ long }) => long?.replace(/^--(no-)?/, "") ?? "");
  return [...new Set(names)];
}

function read(
  command: CommandUnknownOpts,
  name: string,
  texts: readonly string[],
  wantsValue: boolean,
  source: string,
): unknown {
  const option = command.options.find((one) => one.attributeName() === name && !one.negate) ??
    command.options.find((one) => one.attributeName() === name);
  const [text = ""] = texts;
  if (/^(?:false|no|0)$/.test(text) && (!wantsValue || name === "dockerSock")) return false;
  if (!wantsValue) {
    if (/^(?:true|yes|1)$/.test(text)) return true;
    throw new UsageError(
      `Cannot use "${text}" from ${source} for --${option?.name()}: it must be true or false`,
    );
  }
  const choices = option?.argChoices;
  if (choices !== undefined && !choices.includes(text)) {
    throw new UsageError(
      `Cannot use "${text}" from ${source} for --${option?.name()}: it must be one of ${
        choices.join(", ")
      }`,
    );
  }
  // The option's own reader puts several together where several are meant.
  const parse = choices === undefined ? option?.parseArg : undefined;
  if (parse === undefined) return text;
  let value: unknown;
  for (const one of isList(name) ? texts : [texts.join(",")]) value = parse(one, value as never);
  return value;
}

function isList(name: string): boolean {
  return ["env", "envFile", "secretFile", "matrix"].includes(name);
}

interface Config {
  readonly path: string;
  readonly values: ReadonlyMap<string, readonly string[]>;
}

async function readConfig(
  env: (name: string) => string | undefined,
  known: readonly string[],
): Promise<Config> {
  const home = env("HOME");
  const base = env("XDG_CONFIG_HOME") || (home === undefined ? undefined : `${home}/.config`);
  const path = `${base}/buildr.yml`;
  const values = new Map<string, readonly string[]>();
  const text = base === undefined ? undefined : await readIfThere(path);
  if (text === undefined) return { path, values };
  const diagnostics = new Diagnostics();
  const source = new SourceText(path, text);
  const [root] = await parseYaml(source, diagnostics) ?? [];
  if (root !== undefined && root.kind !== "map") {
    if (!isNull(root)) {
      diagnostics.error(source, root.range, "The settings must be a map of flags and values");
    }
  } else {
    for (const [name, { key, value }] of root?.entries ?? []) {
      if (!known.includes(name)) {
        const meant = didYouMean(name, known);
        diagnostics.error(
          source,
          key.range,
          `Unknown flag "${name}"`,
          meant === undefined ? {} : { hint: `did you mean "${meant}"?` },
        );
        continue;
      }
      const plain = plainValue(value);
      values.set(
        name,
        Array.isArray(plain)
          ? plain.map(String)
          : typeof plain === "object" && plain !== null
          ? Object.entries(plain).map(([inner, one]) => `${inner}=${one}`)
          : [String(plain)],
      );
    }
  }
  diagnostics.throwIfErrors(`Cannot use "${path}"`);
  return { path, values };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
