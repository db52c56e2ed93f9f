import type { EngineClient } from "../client.ts";
import { EngineApiError } from "../errors.ts";
import { prepareContext } from "./build_context.ts";
import { BuildFailedError, BuildUnsupportedError } from "./build_error.ts";
import type { BuildDefinition, BuildRunOptions } from "./build_options.ts";
import { readSecrets } from "./build_secrets.ts";
import { ClassicProgress } from "./_classic_progress.ts";
import { hasBuildKit } from "./has_buildkit.ts";
import { postBuild } from "./_post_build.ts";
import { BuildRecord } from "./_progress.ts";
import { runBuildKit } from "./_run_buildkit.ts";

/** What image to build, and how. */
export interface BuildImageOptions extends BuildDefinition, BuildRunOptions {
  /** Name and tag of the result. Default none: the image has only its id. */
  readonly tag?: string;
  /**
   * Which builder: `buildkit`, `classic`, or `auto` for BuildKit where the engine has it. Default
   * `auto`.
   */
  readonly builder?: "auto" | "classic" | "buildkit";
  /**
   * Whether the classic builder keeps the images of the steps that went well before one failed:
   * they make the next attempt faster, and stay as images without a name. Default `false`. BuildKit
   * has a cache of its own and leaves no images.
   */
  readonly keepFailedSteps?: boolean;
}

/** An image that was built. */
export interface BuiltImage {
  /** The id, `sha256:…`. */
  readonly imageId: string;
  /** Which builder it was. */
  readonly builder: "classic" | "buildkit";
  /** How many RUN, COPY, ADD and WORKDIR instructions were carried out or found in the cache. */
  readonly steps: number;
  /** How many of them came from the cache. */
  readonly cachedSteps: number;
}

/** How much output is kept for an error when nobody says. */
export const DEFAULT_TAIL_CHARACTERS = 65536;

/**
 * Builds an image.
 *
 * The context is streamed as it is read. No file is written on this machine; on the engine, a
 * failure or an abort leaves no image and no container.
 *
 * Permissions: those of the engine, `--allow-read=DIRECTORY` for the context's directory.
 *
 * @param engine The engine that builds.
 * @param options What and how.
 * @returns The image.
 * @throws {BuildFailedError} when the builder says no; it carries the step, its exit code and the
 * end of its output.
 * @throws {BuildContextError} when the context cannot be read.
 * @throws {BuildSecretError} when a secret cannot be had.
 * @throws {BuildUnsupportedError} when the builder cannot do what was asked for.
 * @throws {EngineConnectionError} when the connection breaks.
 *
 * @example
 * ```ts
 * import { connectEngine } from "@superorch/superorch/engine";
 * import { buildImage } from "@superorch/superorch/engine/build";
 *
 * await using engine = await connectEngine();
 * const { imageId } = await buildImage(engine, {
 *   context: {
 *     dockerfileText: 'FROM scratch\nCOPY hello /bin/hello\nENTRYPOINT ["/bin/hello"]\n',
 *     files: [{ path: "hello", content: "#!/bin/sh\necho hello\n", mode: 0o755 }],
 *   },
 *   onEvent: (event) => event.kind === "step" && console.log(event.text, event.state),
 * });
 * await engine.images.remove(imageId);
 * ```
 */
export async function buildImage(
  engine: EngineClient,
  options: BuildImageOptions,
): Promise<BuiltImage> {
  const { signal, builder: wanted = "auto" } = options;
  signal?.throwIfAborted();
  const secrets = await readSecrets(options.secrets ?? {}, options.readEnv ?? Deno.env.get);
  const available = wanted === "classic" ? false : await hasBuildKit(engine, { signal });
  if (wanted === "buildkit" && !available) {
    throw new BuildUnsupportedError("BuildKit", `the engine at ${engine.host} does not have it`);
  }
  const builder = available ? "buildkit" : "classic";
  if (builder === "classic" && secrets.size > 0) {
    throw new BuildUnsupportedError("secrets", "the classic builder does not know them");
  }
  const tailCharacters = options.logTailCharacters ?? DEFAULT_TAIL_CHARACTERS;
  const record = new BuildRecord(options.onEvent, tailCharacters);
  const subject = options.tag === undefined ? "image" : `image "${options.tag}"`;
  const query = { t: options.tag };
  const imageId = builder === "classic"
    ? await buildClassic(engine, options, record, subject)
    : await runBuildKit(engine, { options, secrets, record, subject, query, signal });
  const { steps, cached } = record.counts();
  return {
    imageId: required(imageId, subject, builder, record),
    builder,
    steps,
    cachedSteps: cached,
  };
}

async function buildClassic(
  engine: EngineClient,
  options: BuildImageOptions,
  record: BuildRecord,
  subject: string,
): Promise<string | undefined> {
  const { signal } = options;
  const decoder = new ClassicProgress(record);
  const onNote = (text: string) => record.emit({ kind: "note", text });
  const context = await prepareContext(options.context, { signal, onNote });
  try {
    await postBuild(engine, {
      builder: "classic",
      subject,
      definition: options,
      run: options,
      dockerfile: context.dockerfile,
      query: { t: options.tag },
      tar: context.tar(),
      record,
      decoder,
      signal,
    });
    return decoder.imageId;
  } catch (error) {
    if (options.keepFailedSteps !== true) await removeImages(engine, decoder.createdImages);
    throw error;
  }
}

function required(
  imageId: string | undefined,
  subject: string,
  builder: "classic" | "buildkit",
  record: BuildRecord,
): string {
  if (imageId !== undefined) return imageId;
  const reason = "the build ended without an image";
  const { logTail } = record;
  throw new BuildFailedError({
    subject,
    builder,
    step: undefined,
    exitCode: undefined,
    reason,
    logTail,
  });
}

/** How long the daemon may take to remove the container of a step that was aborted. */
const CONTAINER_GONE_MS = 5000;
const POLL_MS = 50;

/** Newest first, and none that something else stands on: another build may be using it already. */
async function removeImages(engine: EngineClient, ids: readonly string[]): Promise<void> {
  const deadline = performance.now() + CONTAINER_GONE_MS;
  for (const id of ids.toReversed()) {
    while (true) {
      try {
        await engine.images.remove(id, { noPrune: true });
      } catch (error) {
        // A daemon that is gone keeps what it has; the failure that brought us here is the one to
        // tell.
        if (!(error instanceof EngineApiError)) return;
        // The container of an aborted step goes a moment after the call has ended (0.1 s here), and
        // no event of ours says when: its id never came.
        const occupied = /container/.test(error.reason) && performance.now() < deadline;
        if (occupied) {
          await new Promise((resolve) => setTimeout(resolve, POLL_MS));
          continue;
        }
      }
      break;
    }
  }
}
