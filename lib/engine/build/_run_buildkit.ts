import type { EngineClient, QueryValue } from "../client.ts";
import { prepareContext, prepareSyncedContext } from "./build_context.ts";
import type { BuildDefinition, BuildRunOptions } from "./build_options.ts";
import { type BuildPost, postBuild } from "./_post_build.ts";
import type { BuildRecord } from "./_progress.ts";
import { BuildSession } from "./session/build_session.ts";
import type { GrpcMethods } from "./session/grpc.ts";
import { authService, healthService, secretsService } from "./session/services.ts";
import { syncContext } from "./_sync_context.ts";
import { TraceProgress } from "./_trace_progress.ts";

/** One build with BuildKit, for an image or for files. */
export interface BuildKitRun {
  readonly options: BuildDefinition & BuildRunOptions;
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  readonly record: BuildRecord;
  readonly subject: string;
  /** Parameters of the call beside those of the definition. */
  readonly query: Readonly<Record<string, QueryValue>>;
  /** Methods of the session beside those for secrets, credentials and context. */
  readonly methods?: GrpcMethods;
  readonly signal: AbortSignal | undefined;
}

/**
 * Builds with BuildKit: context over the session or as an archive, session where one is needed.
 *
 * @returns The id of the image, if there is one.
 */
export async function runBuildKit(
  engine: EngineClient,
  run: BuildKitRun,
): Promise<string | undefined> {
  const { options, record, signal } = run;
  const decoder = new TraceProgress(record);
  const post: Omit<BuildPost, "dockerfile"> = {
    builder: "buildkit",
    subject: run.subject,
    definition: options,
    run: options,
    query: run.query,
    record,
    decoder,
    signal,
  };
  const reading = { signal, onNote: (text: string) => record.emit({ kind: "note", text }) };
  const { transfer = "auto" } = options;
  const { directory, entries } = options.context;
  if (
    entries !== undefined || transfer === "tar" || (transfer === "auto" && directory === undefined)
  ) {
    const context = await prepareContext(options.context, reading);
    await using session = await openSession(engine, run, {});
    const query = { ...run.query, session: session?.id };
    await postBuild(engine, { ...post, dockerfile: context.dockerfile, query, tar: context.tar() });
    return decoder.imageId;
  }
  const context = await prepareSyncedContext(options.context, reading);
  let failure: { readonly error: unknown } | undefined;
  const methods = syncContext(context, (error) => failure ??= { error });
  await using session = await openSession(engine, run, methods, context.sharedKey);
  await postBuild(engine, {
    ...post,
    dockerfile: context.dockerfile.name,
    query: { ...run.query, session: session?.id, remote: "client-session" },
    syncFailure: () => failure,
  });
  return decoder.imageId;
}

/** A session costs a connection, so only what needs one gets one. */
async function openSession(
  engine: EngineClient,
  run: BuildKitRun,
  contextMethods: GrpcMethods,
  sharedKey?: string,
): Promise<BuildSession | undefined> {
  const { secrets, options: { credentials }, signal } = run;
  const methods: GrpcMethods = {
    ...(secrets.size === 0 ? {} : secretsService((id) => Promise.resolve(secrets.get(id)))),
    ...(credentials === undefined ? {} : authService(credentials)),
    ...run.methods,
    ...contextMethods,
  };
  if (Object.keys(methods).length === 0) return undefined;
  return await BuildSession.open(engine, {
    methods: { ...healthService(), ...methods },
    sharedKey,
    signal,
  });
}
