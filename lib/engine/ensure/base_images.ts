import type { EngineClient } from "../client.ts";
import type { ReadEnv } from "../state.ts";
import type { EngineProgress } from "./ensure_engine.ts";
import { BUSYBOX_IMAGE, busyboxImage } from "./busybox_image.ts";

/** How {@linkcode ensureBaseImages} works. */
export interface BaseImagesOptions {
  /** The image that is pulled where that is possible. Default `busybox:stable`. */
  readonly busyboxReference?: string;
  /** How long a registry may take for its first answer. Default 5000. */
  readonly registryTimeoutMs?: number;
  /** Takes what is done, if there is something to do. Default: nothing is told. */
  readonly onProgress?: (progress: EngineProgress) => void;
  /** Reads environment variables. Default `Deno.env.get`. */
  readonly env?: ReadEnv;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** What can be built on. */
export interface BaseImages {
  /** A small image with `sh`, `httpd`, `nc`, `wget` and the like. */
  readonly busybox: string;
}

/**
 * Makes sure that an engine has images to start from: pulled where a registry answers, made from
 * this machine's own packages where none does. A second call finds them there.
 *
 * Permissions: those of the engine and of {@linkcode busyboxImage}.
 *
 * @param engine Where the images are wanted.
 * @param options Environment, time and signal.
 * @returns Names of the images.
 * @throws {EngineSetupError} when an image can neither be pulled nor made.
 * @example
 * ```ts
 * import type { EngineClient } from "@superorch/superorch/engine";
 * import { ensureBaseImages } from "@superorch/superorch/engine/ensure";
 *
 * async function smallImage(engine: EngineClient): Promise<string> {
 *   return (await ensureBaseImages(engine)).busybox; // for example "busybox:stable"
 * }
 * ```
 */
export async function ensureBaseImages(
  engine: EngineClient,
  options: BaseImagesOptions = {},
): Promise<BaseImages> {
  const { busyboxReference: pulled = "busybox:stable", signal } = options;
  if (await engine.images.find(pulled, { signal }) !== undefined) return { busybox: pulled };
  if (await engine.images.find(BUSYBOX_IMAGE, { signal }) !== undefined) {
    return { busybox: await busyboxImage(engine, options) };
  }
  if (await registryHas(engine, pulled, options)) {
    try {
      await told(options, `Pulling ${pulled}`, () => engine.images.pull(pulled, { signal }));
      return { busybox: pulled };
    } catch {
      // A registry that gives the description and then not the image: an image of our own will do,
      // unless the caller has had enough.
      signal?.throwIfAborted();
    }
  }
  const message = `Making ${BUSYBOX_IMAGE}, no registry answers`;
  return { busybox: await told(options, message, () => busyboxImage(engine, options)) };
}

async function told<T>(
  { onProgress }: BaseImagesOptions,
  message: string,
  work: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  onProgress?.({ state: "begin", message, durationMs: 0 });
  const result = await work();
  onProgress?.({ state: "done", message, durationMs: performance.now() - start });
  return result;
}

// Asks through the engine, which is what would pull, and in a way that can be given up.
async function registryHas(
  engine: EngineClient,
  image: string,
  options: BaseImagesOptions,
): Promise<boolean> {
  const bound = AbortSignal.timeout(options.registryTimeoutMs ?? 5_000);
  const signal = options.signal === undefined ? bound : AbortSignal.any([bound, options.signal]);
  try {
    await engine.status({ method: "GET", path: `/distribution/${image}/json`, signal });
    return true;
  } catch {
    options.signal?.throwIfAborted();
    return false; // no network, no registry, no such image: for us all the same
  }
}
