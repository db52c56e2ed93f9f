import type { EngineClient, ImageInspect } from "../engine/mod.ts";
import { ImageProgress } from "./_image_progress.ts";
import { buildSource } from "./build_source.ts";
import type { ImageSource } from "./dockerfile.ts";
import { ContainerStartError } from "./errors.ts";
import type { ImageEvent } from "./run_event.ts";
import type { ContainerSpec } from "./spec.ts";

/** An image that is on the engine. */
export interface PreparedImage {
  /** Its id, `sha256:…`. */
  readonly id: string;
  /** Its name, for tables. */
  readonly name: string;
  /** What containers made from it inherit. */
  readonly inspect: ImageInspect;
}

/** What preparing images needs. */
export interface PrepareContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** Labels for images that are built. */
  readonly labels: Readonly<Record<string, string>>;
  /** Takes what is going on, one line each. */
  readonly onProgress: (name: string, line: string) => void;
  /** Takes how far the work is, where somebody wants to know. */
  readonly onImage?: (event: ImageEvent) => void;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/**
 * Brings the images of some containers onto the engine: equal definitions once, different ones side
 * by side.
 *
 * @param specs The containers.
 * @param context Engine, labels, signal.
 * @returns The image of each container, by name.
 * @throws {ContainerStartError} naming the container whose image cannot be had.
 */
export async function prepareImages(
  specs: readonly ContainerSpec[],
  context: PrepareContext,
): Promise<ReadonlyMap<string, PreparedImage>> {
  const byDefinition = new Map<string, Promise<PreparedImage>>();
  const prepared = specs.map(async (spec) => {
    const { image, platform, pull } = spec;
    const definition = JSON.stringify([image, platform, pull]);
    const known = byDefinition.get(definition) ?? prepare(spec, context);
    byDefinition.set(definition, known);
    try {
      return [spec.name, await known] as const;
    } catch (cause) {
      context.signal.throwIfAborted();
      throw new ContainerStartError(spec.name, "create", nameOf(image), { cause });
    }
  });
  // All are waited for, so that nothing goes on in the background after the first failure.
  const settled = await Promise.allSettled(prepared);
  const failed = settled.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return new Map(settled.map((result) =>
    (result as PromiseFulfilledResult<
      readonly [string, PreparedImage]
    >).value
  ));
}

async function prepare(spec: ContainerSpec, context: PrepareContext): Promise<PreparedImage> {
  const { engine, signal } = context;
  const { image } = spec;
  if (image.kind === "dockerfile") {
    const tell = teller(spec, "build", context);
    const progress = new ImageProgress((told) => tell("progress", told));
    tell("started");
    const id = await buildSource(image, {
      engine,
      labels: context.labels,
      onLine: (line) => context.onProgress(spec.name, line),
      onEvent: (event) => progress.takeBuild(event),
      signal,
    });
    tell("done");
    return { id, name: nameOf(image), inspect: await engine.images.inspect(id, { signal }) };
  }
  const { reference } = image;
  const here = spec.pull === "always" ? undefined : await engine.images.find(reference, { signal });
  if (here !== undefined) return { id: here.Id, name: reference, inspect: here };
  if (spec.pull === "never") {
    return {
      id: reference,
      name: reference,
      inspect: await engine.images.inspect(reference, { signal }),
    };
  }
  context.onProgress(spec.name, `pulling ${reference}`);
  const tell = teller(spec, "pull", context);
  const progress = new ImageProgress((told) => tell("progress", told));
  tell("started");
  await engine.images.pull(reference, {
    signal,
    platform: spec.platform,
    onProgress: (line) => progress.takePull(line),
  });
  tell("done");
  const pulled = await engine.images.inspect(reference, { signal });
  return { id: pulled.Id, name: reference, inspect: pulled };
}

function teller(spec: ContainerSpec, action: ImageEvent["action"], context: PrepareContext) {
  return (state: ImageEvent["state"], told: Partial<ImageEvent> = {}) =>
    context.onImage?.({
      kind: "image",
      name: spec.name,
      reference: nameOf(spec.image),
      action,
      state,
      ...told,
    });
}

/** Names an image source for people. */
function nameOf(source: ImageSource): string {
  if (source.kind === "reference") return source.reference;
  return source.path ??
    `Dockerfile (${/^FROM\s+(\S+)/im.exec(source.contents ?? "")?.[1] ?? "text"})`;
}
