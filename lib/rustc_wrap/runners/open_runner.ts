import type { EngineClient } from "../../engine/client.ts";
import { ensureHostImage } from "../base/host_base.ts";
import { ensureNamedImage } from "../base/ensure_named.ts";
import type { HostBaseOptions } from "../base/host_identity.ts";
import type { NamedBaseOptions } from "../base/named_identity.ts";
import { InfrastructureError } from "../errors.ts";
import type { Base, Runner } from "../model.ts";
import type { WrapContext } from "../wrap_context.ts";
import { BuildKitRunner } from "./buildkit.ts";

/**
 * Makes the runner of the settings.
 *
 * @param options The base image: one of this machine, or one that is named.
 * @param context Settings and environment.
 * @returns The runner; dispose of it.
 * @throws {InfrastructureError} when there is none of that name.
 */
export function openRunner(
  options: HostBaseOptions | NamedBaseOptions,
  { settings, env, note }: Pick<WrapContext, "settings" | "env" | "note">,
): Runner {
  const ensureBase = (engine: EngineClient, base: Base, signal?: AbortSignal) =>
    "image" in options
      ? ensureNamedImage(engine, base, options, signal)
      : ensureHostImage(engine, base, options, signal);
  if (settings.runner === "buildkit") {
    return new BuildKitRunner({
      ensureBase,
      // What is made of this machine's own files needs no second look.
      checkBase: "image" in options
        ? (engine, base, signal) => ensureNamedImage(engine, base, options, signal)
        : undefined,
      env: (name) => env[name],
      onNote: note,
    });
  }
  throw new InfrastructureError({
    action: `use the runner ${JSON.stringify(settings.runner)}`,
    reason: "there is none of that name",
    lasting: true,
  });
}
