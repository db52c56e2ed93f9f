import { BuildFailedError } from "../../engine/build/build_error.ts";
import { buildImage } from "../../engine/build/build_image.ts";
import type { EngineClient } from "../../engine/client.ts";
import { ImageNotFoundError } from "../../engine/errors.ts";
import { InfrastructureError } from "../errors.ts";
import type { Base } from "../model.ts";
import type { DerivedBase } from "./derived_identity.ts";
import { CONTENT_LABEL, toolchainEntries } from "./host_base.ts";

/**
 * Makes sure that an engine has an image that is made of another one and the settings' own steps.
 * Those see the network: packages come from there.
 *
 * @param engine Where.
 * @param derived The image, what it is made of, and the steps.
 * @param ensureFrom Makes sure that the other one is there.
 * @param signal Ends the work.
 * @throws {InfrastructureError} when a step fails.
 */
export async function ensureDerivedImage(
  engine: EngineClient,
  { base, from, steps, toolchain }: DerivedBase,
  ensureFrom: (engine: EngineClient, from: Base, signal?: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await engine.images.inspect(base.image, { signal });
    return;
  } catch (error) {
    if (!(error instanceof ImageNotFoundError)) throw error;
  }
  await ensureFrom(engine, from, signal);
  const entries = toolchain === undefined ? [] : toolchainEntries(toolchain)
    .map((entry) => ({ ...entry, path: `root/${entry.path}` }));
  const lines = [
    `FROM ${from.image}`,
    "USER 0",
    ...toolchain === undefined ? [] : ["COPY root/ /"],
    steps,
    `LABEL ${CONTENT_LABEL}=${base.identity}`,
  ];
  try {
    await buildImage(engine, {
      context: {
        dockerfileText: `${lines.join("\n")}\n`,
        entries: () => entries,
        mtimeSeconds: 0,
      },
      tag: base.image,
      signal,
    });
  } catch (error) {
    if (!(error instanceof BuildFailedError)) throw error;
    const last = error.logTail.trim().split("\n").at(-1) ?? "";
    throw new InfrastructureError({
      action: `add packages or steps to the image ${from.image}`,
      reason: `${error.reason.split("\n")[0]!.slice(0, 300)}${
        last === "" ? "" : ` (${last.slice(0, 200)})`
      }`,
      lasting: true,
    }, { cause: error });
  }
}
