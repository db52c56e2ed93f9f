import type { EngineClient, QueryValue } from "../client.ts";
import { EngineApiError, engineApiError, EngineConnectionError } from "../errors.ts";
import { jsonLines } from "../json_lines.ts";
import { Upload } from "../_upload.ts";
import type { ProgressLine } from "../types.ts";
import { BuildFailedError } from "./build_error.ts";
import type { BuildDefinition, BuildRunOptions } from "./build_options.ts";
import type { BuildRecord, ProgressDecoder } from "./_progress.ts";

/** One build as it is sent. */
export interface BuildPost {
  readonly builder: "classic" | "buildkit";
  readonly subject: string;
  readonly definition: BuildDefinition;
  readonly run: BuildRunOptions;
  readonly dockerfile: string;
  /** Parameters beside those of the definition. */
  readonly query: Readonly<Record<string, QueryValue>>;
  /** The context, unless it is sent over the session. */
  readonly tar?: ReadableStream<Uint8Array>;
  /** Tells why the context could not be sent over the session. */
  readonly syncFailure?: () => { readonly error: unknown } | undefined;
  readonly record: BuildRecord;
  readonly decoder: ProgressDecoder;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends a build and reads its progress to the end.
 *
 * @throws {BuildFailedError} when the builder says no.
 * @throws {BuildContextError} when a file of the context cannot be read.
 */
export async function postBuild(engine: EngineClient, post: BuildPost): Promise<void> {
  const upload = post.tar === undefined ? undefined : new Upload(post.tar);
  try {
    post.signal?.throwIfAborted();
    const response = await engine.request({
      method: "POST",
      path: "/build",
      query: queryOf(post),
      headers: {
        ...(upload === undefined ? {} : { "content-type": "application/x-tar" }),
        ...(post.run.registryConfig === undefined
          ? {}
          : { "X-Registry-Config": post.run.registryConfig }),
      },
      body: upload?.stream,
      signal: post.signal,
    });
    if (response.body === null) return;
    for await (const line of jsonLines<ProgressLine>(response.body)) {
      post.decoder.line(line);
      const reason = line.errorDetail?.message ?? line.error;
      if (reason !== undefined) throw failure(post, reason.trim(), line.errorDetail?.code);
    }
  } catch (error) {
    // Whoever ended it knows why; what fetch makes of that is only "request failed".
    if (post.signal?.aborted) throw post.signal.reason;
    if (post.record.sinkFailure !== undefined) throw post.record.sinkFailure.error;
    const unsent = upload?.failure ?? post.syncFailure?.();
    if (unsent !== undefined) throw unsent.error;
    if (error instanceof EngineApiError) throw failure(post, error.reason, undefined, error);
    if (error instanceof TypeError || error instanceof SyntaxError) {
      throw new EngineConnectionError(engine.host, "POST /build", error.message, { cause: error });
    }
    throw error;
  } finally {
    await upload?.end();
  }
}

function queryOf(post: BuildPost): Record<string, QueryValue> {
  const { args, labels, target, platform, networkMode, query } = post.definition;
  return {
    dockerfile: post.dockerfile,
    buildargs: args === undefined ? undefined : JSON.stringify(args),
    labels: labels === undefined ? undefined : JSON.stringify(labels),
    target,
    platform,
    networkmode: networkMode,
    nocache: post.run.noCache || undefined,
    pull: post.run.pull || undefined,
    // A failed step leaves its container behind otherwise.
    rm: true,
    forcerm: true,
    ...(post.builder === "buildkit" ? { version: "2" } : {}),
    ...query,
    ...post.query,
  };
}

function failure(
  post: BuildPost,
  reason: string,
  code: number | undefined,
  cause: Error = engineApiError({ method: "POST", path: "/build", status: 200, reason }),
): BuildFailedError {
  const { record, subject, builder } = post;
  const exit = /(?:exit code|non-zero code): (\d+)\s*$/.exec(reason)?.[1];
  const exitCode = exit === undefined ? code || undefined : Number(exit);
  const step = record.failedStep({ running: exitCode !== undefined });
  return new BuildFailedError({
    subject,
    builder,
    step: step?.text,
    exitCode,
    reason,
    logTail: step?.tail === undefined
      ? (step === undefined ? record.logTail : "")
      : String(step.tail),
  }, { cause });
}
