import type { EngineClient } from "../../engine/client.ts";
import { ensureHostImage } from "../base/host_base.ts";
import { ensureNamedImage } from "../base/ensure_named.ts";
import type { HostBaseOptions } from "../base/host_identity.ts";
import type { NamedBaseOptions } from "../base/named_identity.ts";
import { InfrastructureError } from "../errors.ts";
import type { Base, Runner } from "../model.ts";
import type { WrapContext } from "../wrap_context.ts";
import { connectEngine } from "../../engine/discovery.ts";
import { engineFailure } from "./_engine_failure.ts";
import { ensureDerivedImage } from "../base/derived_base.ts";
import type { DerivedBase } from "../base/derived_identity.ts";
import { RecordingRunner } from "../final/recording_runner.ts";
import { BuildKitRunner } from "./buildkit.ts";
import { ensureClientImage } from "./client_image.ts";
import { baseLayout } from "../builders/base_layout.ts";
import { chooseBuilder } from "../builders/choose_builder.ts";
import { writeOciImage, writeSavedImage } from "../builders/oci_layout.ts";
import { hostImage } from "../base/host_base.ts";
import { PlanRunner } from "./plan_runner.ts";
import { RepeatingRunner } from "./repeating_runner.ts";
import { ClientRunner } from "./client_runner.ts";

/**
 * Makes the runner of the settings.
 *
 * @param options The base image: one of this machine, or one that is named.
 * @param context Settings and environment.
 * @param derived The image that is made of that one, where the settings add something.
 * @returns The runner; dispose of it.
 * @throws {InfrastructureError} when there is none of that name.
 */
export function openRunner(
  options: HostBaseOptions | NamedBaseOptions,
  context: Pick<WrapContext, "settings" | "env" | "note" | "scope">,
  derived?: DerivedBase,
): Runner {
  const { settings, scope } = context;
  let runner = openPlain(options, context, derived);
  if (settings.experiments.includes("repro")) {
    runner = new RepeatingRunner(runner, ({ id }, names) => {
      const text = `${id}: not the same when made again: ${names.join(", ")}`;
      context.note(text, "warn");
      scope.tellOnce(`repro-${id}`, `warning: rustcbuildx: ${text}`);
    });
  }
  if (settings.syntax !== undefined || settings.nofile !== undefined) {
    runner = new PlanRunner(runner, settings);
  }
  const recordDir = context.env["CARGOGREEN_RECORD_DIR_"];
  return recordDir === undefined ? runner : new RecordingRunner(runner, recordDir);
}

function openPlain(
  options: HostBaseOptions | NamedBaseOptions,
  { settings, env, note }: Pick<WrapContext, "settings" | "env" | "note">,
  derived: DerivedBase | undefined,
): Runner {
  const ensureFrom = (engine: EngineClient, base: Base, signal?: AbortSignal) =>
    "image" in options
      ? ensureNamedImage(engine, base, options, signal)
      : ensureHostImage(engine, base, options, signal);
  const ensureBase: typeof ensureFrom = (engine, base, signal) =>
    derived === undefined
      ? ensureFrom(engine, base, signal)
      : ensureDerivedImage(engine, derived, ensureFrom, signal);
  if (settings.runner === "buildkit") {
    return new BuildKitRunner({
      ensureBase,
      // What is made of this machine's own files needs no second look.
      checkBase: "image" in options && derived === undefined
        ? (engine, base, signal) => ensureNamedImage(engine, base, options, signal)
        : undefined,
      env: (name) => env[name],
      onNote: note,
    });
  }
  const { runner } = settings;
  if (runner === "docker" || runner === "buildx" || runner === "podman" || runner === "buildah") {
    return new ClientRunner(runner, {
      env,
      cacheDir: settings.cacheDir,
      ensureBase: async (client, base, signal) => {
        if (runner === "podman" || runner === "buildah") {
          if (derived !== undefined) {
            throw new InfrastructureError({
              action: `make the image ${base.image}`,
              reason: `packages and steps can be added with other runners than ${runner}`,
              lasting: true,
            });
          }
          return await ensureClientImage(client, base, options, { env, signal });
        }
        try {
          await using engine = await connectEngine({ env: (name) => env[name], signal });
          await ensureBase(engine, base, signal);
        } catch (error) {
          signal?.throwIfAborted();
          throw engineFailure(error);
        }
      },
      builder: runner === "podman" || runner === "buildah"
        ? undefined
        : (client, options) => chooseBuilder(client, { settings, env, onNote: note, ...options }),
      layout: (base, signal) => {
        // What others have made is pulled by the builder itself.
        if ("image" in options && derived === undefined) return Promise.resolve(undefined);
        note(`giving the image ${base.image} to the builder`);
        return baseLayout(base, {
          cacheDir: settings.cacheDir,
          signal,
          write: async (directory) => {
            if (derived === undefined && !("image" in options)) {
              const layer = await hostImage(base.identity, options, signal);
              return await writeOciImage(directory, base.image, layer);
            }
            await using engine = await connectEngine({ env: (name) => env[name], signal });
            await ensureBase(engine, base, signal);
            const saved = await engine.images.save([base.image], { signal });
            return await writeSavedImage(directory, base.image, saved);
          },
        });
      },
      cacheImages: settings.experiments.includes("cachebuildkit")
        ? { from: imagesOf(settings.cacheFrom), to: imagesOf(settings.cacheTo) }
        : undefined,
      onNote: note,
    });
  }
  throw new InfrastructureError({
    action: `use the runner ${JSON.stringify(settings.runner)}`,
    reason: "there is none of that name",
    lasting: true,
  });
}

/** Repositories without a tag: that is for results. */
function imagesOf(places: readonly string[]): string[] {
  return places.filter((place) => place.startsWith("docker-image://"))
    .map((place) => place.slice("docker-image://".length).replace(/:[^/]*$/, ""));
}
