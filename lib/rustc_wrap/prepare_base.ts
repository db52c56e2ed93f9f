import { connectEngine } from "../engine/discovery.ts";
import { ensureHostImage } from "./base/host_base.ts";
import { ensureDerivedImage } from "./base/derived_base.ts";
import { derivedBase } from "./base/derived_identity.ts";
import { hostBase } from "./base/host_identity.ts";
import { ensureNamedImage } from "./base/ensure_named.ts";
import { namedBase } from "./base/named_identity.ts";
import type { Base, Env, Settings } from "./model.ts";
import { readToolchain } from "./toolchain.ts";

/** What {@linkcode prepareBase} needs. */
export interface PrepareBaseOptions {
  /** Settings. */
  readonly settings: Settings;
  /** Variables: where the engine is. */
  readonly env: Env;
  /** Where cargo is started: rustup chooses by it. */
  readonly cwd: string;
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
  const { settings, env, cwd, onNote, signal } = options;
  const { cacheDir, packages, baseImage } = settings;
  const toolchain = await readToolchain(await rustcPath(env, cwd), { cacheDir, cwd, signal });
  const common = { toolchain, cacheDir, onNote };
  await using engine = await connectEngine({ env: (name) => env[name], signal });
  let from: Base;
  if (baseImage === undefined) {
    const host = { ...common, packages };
    from = await hostBase(host);
    await ensureHostImage(engine, from, host, signal);
  } else {
    const build = `prepare-${crypto.randomUUID()}`;
    const named = { ...common, image: baseImage, build, env, signal };
    from = await namedBase(named);
    await ensureNamedImage(engine, from, named, signal);
  }
  const derived = await derivedBase(from, settings);
  if (derived === undefined) return from;
  await ensureDerivedImage(engine, derived, () => Promise.resolve(), signal);
  return derived.base;
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
