import { derivedBase } from "./base/derived_identity.ts";
import { hostBase, type HostBaseOptions } from "./base/host_identity.ts";
import { namedBase, type NamedBaseOptions } from "./base/named_identity.ts";
import type { Base, Runner } from "./model.ts";
import type { Toolchain } from "./toolchain.ts";
import { sha256 } from "./sha256.ts";
import type { WrapContext } from "./wrap_context.ts";

/** Where units are compiled. */
export interface Place {
  /** Part of every key. */
  readonly identity: string;
  /** The image and who runs it; not asked for when the result is in the store. */
  readonly open: () => Promise<{ readonly base: Base; readonly runner: Runner }>;
}

/**
 * Finds out where units are compiled, without connecting to anything if that can be helped.
 *
 * @param toolchain The compiler that cargo uses.
 * @param context Settings and environment.
 * @returns The place.
 * @throws {InfrastructureError} when there is no image to be had.
 */
export async function placeOf(toolchain: Toolchain, context: WrapContext): Promise<Place> {
  if (context.settings.runner === "local") {
    const identity = await sha256(JSON.stringify(["here", toolchain.hash, linkerStamp(context)]));
    return { identity, open: () => Promise.reject(new Error("A local compiler is not opened")) };
  }
  const { settings, scope, signal, env } = context;
  const { cacheDir, packages, baseImage } = settings;
  const onNote = (text: string) => {
    context.note(text);
    scope.tellOnce("image", `rustcbuildx: ${text}`);
  };
  const common = { toolchain, cacheDir, onNote };
  const options: HostBaseOptions | NamedBaseOptions = baseImage === undefined
    ? { ...common, packages }
    : { ...common, image: baseImage, build: scope.id, env, signal };
  const from = "image" in options ? await namedBase(options) : await hostBase(options);
  const derived = await derivedBase(from, settings);
  const base = derived?.base ?? from;
  return {
    // What a step may see of the network can be part of what it makes.
    identity: settings.network === "none"
      ? base.identity
      : await sha256(`${base.identity} ${settings.network}`),
    open: async () => {
      const { openRunner } = await import("./runners/open_runner.ts");
      return { base, runner: openRunner(options, context, derived) };
    },
  };
}

/** What links here is not part of the toolchain. */
function linkerStamp({ env }: WrapContext): string[] {
  return ["cc", "ld"].map((name) => {
    for (const directory of (env["PATH"] ?? "").split(":")) {
      try {
        const path = Deno.realPathSync(`${directory}/${name}`);
        const { size, mtime } = Deno.statSync(path);
        return `${path} ${size} ${mtime?.getTime()}`;
      } catch {
        // not in this directory
      }
    }
    return "";
  });
}
