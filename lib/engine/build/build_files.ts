import type { EngineClient } from "../client.ts";
import type { TarReadEntry } from "../tar/mod.ts";
import { BuildUnsupportedError } from "./build_error.ts";
import type { BuildDefinition, BuildRunOptions } from "./build_options.ts";
import { readSecrets } from "./build_secrets.ts";
import { FilesRun } from "./_files_run.ts";
import { hasBuildKit } from "./has_buildkit.ts";
import { runBuildKit } from "./_run_buildkit.ts";

/** What to build, and how; the files of the target stage are the result. */
export interface BuildFilesOptions extends Omit<BuildDefinition, "labels">, BuildRunOptions {}

/** How a build of files ended. */
export interface BuildFilesResult {
  /** How many RUN, COPY, ADD and WORKDIR instructions were carried out or found in the cache. */
  readonly steps: number;
  /** How many of them came from the cache. */
  readonly cachedSteps: number;
  /** The end of what the steps printed. */
  readonly logTail: string;
}

/** A build whose steps have been carried out and whose files are coming. */
export interface FilesBuild extends AsyncDisposable {
  /**
   * The files as a tar archive, at the pace at which they are read. It ends only when the build is
   * known to have gone well, and fails otherwise. Read it, or {@linkcode FilesBuild.entries}.
   */
  readonly tar: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The same files one by one. */
  entries(): AsyncGenerator<TarReadEntry>;
  /** Settles when all files have come; rejects like `tar`. */
  readonly finished: Promise<BuildFilesResult>;
}

/**
 * Builds with BuildKit and gets the files of the target stage back. No image and no container is
 * made: what stays on the engine is BuildKit's cache.
 *
 * A program that runs in such a step can be killed at any time, and the same step in two processes
 * runs once. Programs that print more than 200 KiB a second lose output on the way: let them write
 * to a file of the result.
 *
 * Permissions: those of the engine, `--allow-read=DIRECTORY` for the context's directory.
 *
 * @param engine The engine that builds.
 * @param options What and how.
 * @returns When the first file is about to come. Dispose it: that ends what still goes on.
 * @throws {BuildFailedError} when a step fails.
 * @throws {BuildUnsupportedError} when the engine has no BuildKit.
 * @throws {BuildContextError} when the context cannot be read.
 * @throws {BuildSecretError} when a secret cannot be had.
 *
 * @example
 * ```ts
 * import { connectEngine } from "@superorch/superorch/engine";
 * import { buildFiles } from "@superorch/superorch/engine/build";
 *
 * await using engine = await connectEngine();
 * await using build = await buildFiles(engine, {
 *   context: {
 *     dockerfileText: "FROM scratch\nCOPY a.txt /out/b.txt\n",
 *     files: [{ path: "a.txt", content: "hello\n" }],
 *   },
 * });
 * for await (const entry of build.entries()) {
 *   if (entry.kind === "file") console.log(entry.path, await new Response(entry.content).text());
 * }
 * ```
 */
export async function buildFiles(
  engine: EngineClient,
  options: BuildFilesOptions,
): Promise<FilesBuild> {
  options.signal?.throwIfAborted();
  const secrets = await readSecrets(options.secrets ?? {}, options.readEnv ?? Deno.env.get);
  if (!await hasBuildKit(engine, { signal: options.signal })) {
    throw new BuildUnsupportedError("files", `the engine at ${engine.host} has no BuildKit`);
  }
  return await FilesRun.start(options, async ({ record, methods, signal }) => {
    await runBuildKit(engine, {
      options,
      secrets,
      record,
      subject: "files",
      query: { outputs: JSON.stringify([{ Type: "tar", Attrs: {} }]) },
      methods,
      signal,
    });
  });
}
