import { connectEngine } from "../engine/discovery.ts";
import { ensureHostImage } from "./base/host_base.ts";
import { ensureDerivedImage } from "./base/derived_base.ts";
import { chooseBase, type ChosenBase } from "./base/choose_base.ts";
import { ensureNamedImage } from "./base/ensure_named.ts";
import type { Base, Env, Settings } from "./model.ts";
import { isClientName, openClientRunner } from "./runners/open_client_runner.ts";
import { foreignTarget, readToolchain, type Toolchain } from "./toolchain.ts";

/** What {@linkcode prepareBase} needs. */
export interface PrepareBaseOptions {
  /** Settings. */
  readonly settings: Settings;
  /** Variables: where the engine is. */
  readonly env: Env;
  /** Where cargo is started: rustup chooses by it. */
  readonly cwd: string;
  /** `--target`; default: this machine's own. */
  readonly target?: string;
  /** Takes a line when something takes long. */
  readonly onNote?: (text: string) => void;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/**
 * Makes sure that the engine has the image that crates are compiled in: pulls it where the settings
 * name one, and makes it of this machine's own files where they do not.
 *
 * @param options Settings and variables.
 * @returns The image.
 * @throws {InfrastructureError} when it cannot be had.
 */
export async function prepareBase(options: PrepareBaseOptions): Promise<Base> {
  const { settings, env, onNote, signal } = options;
  const { chosen } = await choose(options);
  if (isClientName(settings.runner)) {
    const note = (text: string) => onNote?.(text);
    const runner = openClientRunner(chosen.options, { settings, env, note }, chosen.derived);
    await runner.prepare(chosen.base, { signal });
    return chosen.base;
  }
  await using engine = await connectEngine({ env: (name) => env[name], signal });
  const { base, from, derived, options: how } = chosen;
  if ("image" in how) await ensureNamedImage(engine, from, how, signal);
  else await ensureHostImage(engine, from, how, signal);
  if (derived !== undefined) {
    await ensureDerivedImage(engine, derived, () => Promise.resolve(), signal);
  }
  return base;
}

/**
 * Writes the stage that crates are compiled in. Nothing is made or pulled.
 *
 * @param options Settings and variables.
 * @returns Lines of a Dockerfile.
 * @throws {InfrastructureError} when nobody can tell what the image is.
 */
export async function rustBase(options: PrepareBaseOptions): Promise<string> {
  const { chosen: { base, from, derived, options: how }, toolchain } = await choose(options);
  const what = "image" in how
    ? "as the settings name it"
    : `made of this machine's own files: ${toolchain.sysroot}, Debian packages`;
  return [
    `# ${toolchain.version.trim().split("\n")[0]}`,
    `# ${from.image}: ${what}`,
    ...derived === undefined ? [] : [`# kept as ${base.image}`],
    `FROM ${from.image} AS rust-base`,
    ...derived === undefined || derived.steps === "" ? [] : [derived.steps],
    "",
  ].join("\n");
}

async function choose(
  options: PrepareBaseOptions,
): Promise<{ readonly chosen: ChosenBase; readonly toolchain: Toolchain }> {
  const { settings, env, cwd, target, onNote, signal } = options;
  const { cacheDir } = settings;
  const searchPath = env["PATH"] ?? "";
  const rustc = await rustcPath(env, cwd);
  const toolchain = await readToolchain(rustc, { cacheDir, cwd, searchPath, signal });
  const chosen = await chooseBase({ target: foreignTarget(target, toolchain), programs: [] }, {
    toolchain,
    settings,
    env,
    build: `prepare-${crypto.randomUUID()}`,
    onNote,
    signal,
  });
  return { chosen, toolchain };
}

/** As cargo has it: the compiler itself, and not rustup's, which chooses. */
async function rustcPath(env: Env, cwd: string): Promise<string> {
  const program = env["RUSTC"] ?? "rustc";
  const { success, stdout } = await new Deno.Command(program, {
    args: ["--print", "sysroot"],
    cwd,
    stdin: "null",
    stderr: "null",
  }).output();
  const sysroot = new TextDecoder().decode(stdout).trim();
  return success && sysroot !== "" && sysroot !== "/usr" ? `${sysroot}/bin/rustc` : program;
}
