import type { EngineClient } from "../client.ts";
import { buildHash } from "./build_hash.ts";
import { buildImage, type BuildImageOptions, type BuiltImage } from "./build_image.ts";

/** One build that some callers wait for. */
interface SharedBuild {
  readonly image: Promise<BuiltImage>;
  readonly abort: AbortController;
  waiting: number;
  done: boolean;
}

/**
 * Builds each distinct definition once, however many ask for it, at the same time or later.
 *
 * Requests are the same when {@linkcode buildHash} is, and builder, `noCache`, `pull` and the ids
 * of secrets. The first one's `onEvent` gets the events; every tag is given. A build that failed is
 * not remembered, nor one whose image has gone meanwhile.
 *
 * @example
 * ```ts
 * import { connectEngine } from "@superorch/superorch/engine";
 * import { SharedBuilds } from "@superorch/superorch/engine/build";
 *
 * await using engine = await connectEngine();
 * const builds = new SharedBuilds(engine);
 * const context = {
 *   dockerfileText: "FROM scratch\nCOPY once /\n",
 *   files: [{ path: "once", content: "" }],
 * };
 * const [a, b] = await Promise.all([builds.build({ context }), builds.build({ context })]);
 * console.log(a.imageId === b.imageId); // true
 * await engine.images.remove(a.imageId);
 * ```
 */
export class SharedBuilds {
  readonly #engine: EngineClient;
  readonly #builds = new Map<string, SharedBuild>();

  /** Builds on one engine. */
  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /**
   * Builds, or waits for the same build, or takes its result.
   *
   * @param options As for {@linkcode buildImage}. A signal ends the wait of its caller only; the
   * build ends when nobody waits any more.
   * @returns The image, the same for all.
   * @throws As {@linkcode buildImage} does.
   */
  async build(options: BuildImageOptions): Promise<BuiltImage> {
    const { signal, tag } = options;
    const key = await keyOf(options);
    signal?.throwIfAborted();
    let shared = this.#builds.get(key);
    if (shared !== undefined && shared.done && !await this.#isThere(shared, signal)) {
      if (this.#builds.get(key) === shared) this.#builds.delete(key);
      shared = undefined;
    }
    shared ??= this.#builds.get(key) ?? this.#start(key, options);
    const image = await waitFor(shared, signal);
    if (tag !== undefined) await this.#engine.images.tag(image.imageId, tag, { signal });
    return image;
  }

  #start(key: string, options: BuildImageOptions): SharedBuild {
    const abort = new AbortController();
    const image = buildImage(this.#engine, { ...options, signal: abort.signal });
    const shared: SharedBuild = { image, abort, waiting: 0, done: false };
    this.#builds.set(key, shared);
    image.then(() => {
      shared.done = true;
    }, () => {
      if (this.#builds.get(key) === shared) this.#builds.delete(key);
    });
    abort.signal.addEventListener("abort", () => {
      // Who comes now must not get the end of a build that nobody wanted.
      if (this.#builds.get(key) === shared) this.#builds.delete(key);
    });
    return shared;
  }

  async #isThere(shared: SharedBuild, signal: AbortSignal | undefined): Promise<boolean> {
    const { imageId } = await shared.image;
    return await this.#engine.images.find(imageId, { signal }) !== undefined;
  }
}

async function waitFor(shared: SharedBuild, signal: AbortSignal | undefined): Promise<BuiltImage> {
  shared.waiting++;
  const given = Promise.withResolvers<never>();
  const giveUp = () => given.reject(signal?.reason);
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([shared.image, given.promise]);
  } finally {
    signal?.removeEventListener("abort", giveUp);
    given.promise.catch(() => {}); // nobody waits for it any more
    shared.waiting--;
    if (shared.waiting === 0 && !shared.done) {
      shared.abort.abort(signal?.reason);
      // The caller sees its own reason; what is left of the build goes on in peace until it ends.
      await shared.image.catch(() => {});
    }
  }
}

async function keyOf(options: BuildImageOptions): Promise<string> {
  const { builder = "auto", noCache = false, pull = false, secrets = {}, signal } = options;
  const ids = Object.keys(secrets).sort();
  return JSON.stringify([await buildHash(options, { signal }), builder, noCache, pull, ids]);
}
