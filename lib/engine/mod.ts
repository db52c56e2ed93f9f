/**
 * The Docker Engine's HTTP API, typed: discovery, version negotiation, one client for an engine,
 * raw connections for attach and exec, errors by cause.
 *
 * Speaks to Docker 20.10 (API 1.41) and newer, and to podman's Docker-compatible socket. It knows
 * nothing of graphs, health or cleanup: that is `containers`.
 *
 * Permissions, for a local socket: `--allow-env --allow-read=PATH --allow-write=PATH
 * --allow-net=localhost,unix:PATH` (Deno checks reading and writing for a unix socket). For
 * `ssh://` also `--allow-run=sh,ssh`. Pulls, pushes and builds look for credentials, which needs
 * the permissions of `registry`, unless their header is given.
 *
 * @example
 * ```ts no-eval
 * import { connectEngine } from "@superorch/superorch/engine";
 *
 * await using engine = await connectEngine();
 * for (const container of await engine.containers.list()) {
 *   console.log(container.Names[0], container.Status);
 * }
 * ```
 *
 * @module
 */

export {
  type EngineEndpoint,
  formatEndpoint,
  MAX_SOCKET_PATH_BYTES,
  parseEngineHost,
  type SshEndpoint,
  type TcpEndpoint,
  type TlsMaterial,
  type UnixEndpoint,
} from "./endpoint.ts";
export {
  connectEngine,
  type ConnectOptions,
  type EngineCandidate,
  engineCandidates,
  EngineUnreachableError,
  type FailedCandidate,
} from "./discovery.ts";
export {
  type EngineCall,
  EngineClient,
  type OpenEngineOptions,
  type QueryValue,
} from "./client.ts";
export { compareVersions, MAX_API_VERSION, MIN_API_VERSION } from "./api_version.ts";
export * from "./errors.ts";
export { type HijackedStream } from "./hijack.ts";
export { Demultiplexer, FrameError, type OutputSink, type OutputStream } from "./demux.ts";
export { jsonLines } from "./json_lines.ts";
export {
  type AttachOptions,
  type CallOptions,
  ContainerApi,
  type LogOptions,
  type WaitResult,
} from "./container_api.ts";
export { ExecApi, type ExecCreateBody, type ExecInspect } from "./exec_api.ts";
export {
  ImageApi,
  type ImageBuildQuery,
  type ProgressOptions,
  splitReference,
} from "./image_api.ts";
export { NetworkApi } from "./network_api.ts";
export { SystemApi } from "./system_api.ts";
export { VolumeApi } from "./volume_api.ts";
export { type CredentialResolver, type RegistryCredential } from "../registry/mod.ts";
export { type LabelFilter } from "./_filters.ts";
export * from "./types.ts";
export { cacheDirectory, ensuredSocketPath, type ReadEnv, stateDirectory } from "./state.ts";
