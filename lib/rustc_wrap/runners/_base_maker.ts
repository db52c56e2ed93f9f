import type { EngineClient } from "../../engine/client.ts";
import { ensureDerivedImage } from "../base/derived_base.ts";
import type { DerivedBase } from "../base/derived_identity.ts";
import { ensureNamedImage } from "../base/ensure_named.ts";
import { ensureHostImage } from "../base/host_base.ts";
import type { HostBaseOptions } from "../base/host_identity.ts";
import type { NamedBaseOptions } from "../base/named_identity.ts";
import type { Base } from "../model.ts";

/** Makes sure that an engine has an image. */
export type EnsureBase = (engine: EngineClient, base: Base, signal?: AbortSignal) => Promise<void>;

/**
 * What makes the image of the settings where it is missing.
 *
 * @param options One of this machine, or one that is named.
 * @param derived What is made of that.
 */
export function baseMaker(
  options: HostBaseOptions | NamedBaseOptions,
  derived: DerivedBase | undefined,
): EnsureBase {
  const ensureFrom: EnsureBase = (engine, base, signal) =>
    "image" in options
      ? ensureNamedImage(engine, base, options, signal)
      : ensureHostImage(engine, base, options, signal);
  return (engine, base, signal) =>
    derived === undefined
      ? ensureFrom(engine, base, signal)
      : ensureDerivedImage(engine, derived, ensureFrom, signal);
}
