/**
 * Builds with the Docker Engine's two builders: images from a context, and files from a stage,
 * with BuildKit over the engine's own API (no docker client, no image, no container).
 *
 * It makes one result from one definition. Which images a project needs and when they go is the
 * affair of `containers`; the cache is the builders' own.
 *
 * Permissions: those of the engine, and `--allow-read=DIRECTORY` for a context's directory.
 *
 * @example
 * ```ts
 * import { buildHash, DockerIgnore } from "@superorch/superorch/engine/build";
 *
 * console.log(DockerIgnore.parse("*.log\n").ignores("a.log")); // true
 * const context = { dockerfileText: "FROM scratch\nCOPY a /\n", files: [{ path: "a", content: "" }] };
 * console.log((await buildHash({ context })).length); // 64
 * ```
 *
 * @module
 */

export {
  type BuildContext,
  type ContextFile,
  prepareContext,
  type PreparedContext,
  type ReadContextOptions,
} from "./build_context.ts";
export {
  DockerIgnore,
  type IgnorePattern,
  type IgnoreTrail,
  type IgnoreVerdict,
} from "./dockerignore.ts";
export { type BuildDefinition, type BuildRunOptions } from "./build_options.ts";
export {
  type BuildEvent,
  type BuildEventSink,
  type BuildLogEvent,
  type BuildNoteEvent,
  type BuildStatusEvent,
  type BuildStepEvent,
} from "./build_event.ts";
export {
  BuildContextError,
  BuildFailedError,
  type BuildFailedFields,
  BuildUnsupportedError,
} from "./build_error.ts";
export { type BuildSecret, BuildSecretError } from "./build_secrets.ts";
export { buildImage, type BuildImageOptions, type BuiltImage } from "./build_image.ts";
export {
  buildFiles,
  type BuildFilesOptions,
  type BuildFilesResult,
  type FilesBuild,
} from "./build_files.ts";
export { buildStep, type BuildStepOptions } from "./build_step.ts";
export { buildHash } from "./build_hash.ts";
export { SharedBuilds } from "./shared_builds.ts";
export { hasBuildKit } from "./has_buildkit.ts";
export { BuildSession, type BuildSessionOptions } from "./session/build_session.ts";
export {
  GRPC_STATUS,
  type GrpcCall,
  GrpcError,
  type GrpcMethod,
  type GrpcMethods,
  type GrpcStatus,
} from "./session/grpc.ts";
export { Http2Error, type Http2ErrorCode } from "./session/http2_error.ts";
export {
  authService,
  type CredentialsResolver,
  fileSendService,
  healthService,
  type RegistryCredentials,
  type SecretResolver,
  secretsService,
} from "./session/services.ts";
export {
  fileSyncService,
  type SyncEntry,
  type SyncLookup,
  type SyncRequest,
} from "./session/file_sync.ts";
export { ProtobufError } from "./_protobuf.ts";
