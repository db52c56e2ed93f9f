import { connectEngine } from "../../engine/discovery.ts";
import type { DerivedBase } from "../base/derived_identity.ts";
import { hostImage } from "../base/host_base.ts";
import type { HostBaseOptions } from "../base/host_identity.ts";
import type { NamedBaseOptions } from "../base/named_identity.ts";
import { baseLayout } from "../builders/base_layout.ts";
import { chooseBuilder } from "../builders/choose_builder.ts";
import { type OciImage, writeOciImage, writeSavedImage } from "../builders/oci_layout.ts";
import { InfrastructureError } from "../errors.ts";
import type { Base } from "../model.ts";
import type { WrapContext } from "../wrap_context.ts";
import { baseMaker } from "./_base_maker.ts";
import { engineFailure } from "./_engine_failure.ts";
import { ensureClientImage } from "./client_image.ts";
import { ClientRunner } from "./client_runner.ts";
import { requireCompiler } from "./_require_compiler.ts";
import type { ClientName } from "./docker_client.ts";

const CLIENTS: readonly string[] = ["docker", "buildx", "podman", "buildah"] satisfies ClientName[];

/** Whether a runner is a client program. */
export function isClientName(runner: string): runner is ClientName {
  return CLIENTS.includes(runner);
}

/**
 * Makes the runner that is a client program.
 *
 * @param options The base image: one of this machine, or one that is named.
 * @param context Settings, whose runner is one, and variables.
 * @param derived The image that is made of that one.
 * @returns The runner; nothing is started yet.
 */
export function openClientRunner(
  options: HostBaseOptions | NamedBaseOptions,
  context: Pick<WrapContext, "settings" | "env" | "note">,
  derived: DerivedBase | undefined,
): ClientRunner {
  const { settings, env, note } = context;
  const { cacheDir, experiments, cacheFrom, cacheTo } = settings;
  const runner = settings.runner as ClientName;
  const isAlone = runner === "podman" || runner === "buildah";
  return new ClientRunner(runner, {
    env,
    cacheDir,
    ensureBase: async (client, base, signal) => {
      if (!isAlone) return await ensureWithEngine(base, options, context, derived, signal);
      if (derived !== undefined) {
        throw new InfrastructureError({
          action: `make the image ${base.image}`,
          reason: `packages and steps can be added with other runners than ${runner}`,
          lasting: true,
        });
      }
      await ensureClientImage(client, base, options, { env, signal });
    },
    checkBase: "image" in options && derived === undefined
      ? (base, run) => requireCompiler(base, options.toolchain, cacheDir, run)
      : undefined,
    builder: isAlone
      ? undefined
      : (client, more) => chooseBuilder(client, { settings, env, onNote: note, ...more }),
    layout: (base, signal) => layoutOf(base, options, context, derived, signal),
    cacheImages: experiments.includes("cachebuildkit")
      ? { from: imagesOf(cacheFrom), to: imagesOf(cacheTo) }
      : undefined,
    onNote: note,
  });
}

async function ensureWithEngine(
  base: Base,
  options: HostBaseOptions | NamedBaseOptions,
  { env }: Pick<WrapContext, "env">,
  derived: DerivedBase | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await using engine = await connectEngine({ env: (name) => env[name], signal });
    await baseMaker(options, derived)(engine, base, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw engineFailure(error);
  }
}

/** What others have made is pulled by the builder itself, and is in no directory. */
async function layoutOf(
  base: Base,
  options: HostBaseOptions | NamedBaseOptions,
  { settings, env }: Pick<WrapContext, "settings" | "env">,
  derived: DerivedBase | undefined,
  signal: AbortSignal | undefined,
): Promise<OciImage | undefined> {
  if ("image" in options && derived === undefined) return undefined;
  return await baseLayout(base, {
    cacheDir: settings.cacheDir,
    signal,
    write: async (directory) => {
      if (derived === undefined && !("image" in options)) {
        options.onNote?.(`making the image ${base.image} of this machine's toolchain`);
        return await writeOciImage(
          directory,
          base.image,
          await hostImage(base.identity, options, signal),
        );
      }
      await ensureWithEngine(base, options, { env }, derived, signal);
      await using engine = await connectEngine({ env: (name) => env[name], signal });
      const saved = await engine.images.save([base.image], { signal });
      return await writeSavedImage(directory, base.image, saved);
    },
  });
}

/** Repositories without a tag: that is for results. */
function imagesOf(places: readonly string[]): string[] {
  return places.filter((place) => place.startsWith("docker-image://"))
    .map((place) => place.slice("docker-image://".length).replace(/:[^/]*$/, ""));
}
