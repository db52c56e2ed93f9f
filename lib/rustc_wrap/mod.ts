/**
 * Cargo's `RUSTC_WRAPPER`: compiles each crate in a container with BuildKit, without network, and
 * keeps what came out by the content of what went in. Build scripts are compiled and run there too.
 *
 * What cargo sees is what plain cargo makes: the same files, byte by byte, the same messages, the
 * same exit codes. It does not replace cargo, and it makes no images of programs.
 *
 * Permissions: `--allow-all`: it starts compilers, and reads and writes wherever cargo says.
 *
 * @example
 * ```ts
 * import { classify, parseRustc } from "@superorch/superorch/rustc_wrap";
 *
 * const call = classify(["/usr/bin/rustc", "--crate-name", "a", "a.rs", "--out-dir", "deps"]);
 * console.log(call.kind, parseRustc(call.rest, "/w")?.input); // compile /w/a.rs
 * ```
 *
 * @module
 */

export { wrap } from "./wrap.ts";
export { type SyncSink, type WrapOptions } from "./wrap_context.ts";
export { prepareBase, type PrepareBaseOptions, rustBase } from "./prepare_base.ts";
export {
  checkSetup,
  type CheckSetupOptions,
  runnerCapabilities,
  type SetupCheck,
} from "./check_setup.ts";
export { runBuildScript } from "./build_script.ts";
export { classify, parseRustc, type RustcOption, rustcOptions } from "./args.ts";
export { type DepInfo, parseDepInfo } from "./dep_info.ts";
export { containerEnv } from "./container_env.ts";
export { locateSource, type SourceQuestion } from "./source.ts";
export { snapshot, type SnapshotEntry, type SnapshotOptions } from "./snapshot.ts";
export { makePlan, type PlanParts, type RenderedPlan, renderPlan } from "./plan.ts";
export { type Suggestion, suggestions, type SuggestOptions } from "./remap/suggest.ts";
export { readSettings } from "./read_settings.ts";
export { type SettingKind, type SettingRow, SETTINGS } from "./settings/table.ts";
export { type SettingValue } from "./settings/parse_value.ts";
export {
  type ResolvedSetting,
  type ResolvedSettings,
  resolveSettings,
  type SettingsLayer,
} from "./settings/resolve.ts";
export { type BuildPlace, placeOfProcess, settingsFiles } from "./settings/files.ts";
export { settingsTable } from "./settings/settings_table.ts";
export { readToolchain, type Toolchain, type ToolchainOptions } from "./toolchain.ts";
export { decodeResult, encodeResult } from "./result_codec.ts";
export { DiskStore, type DiskStoreOptions, type StoredBlob } from "./store/disk_store.ts";
export { LayeredStore, type StoreNote } from "./store/layered_store.ts";
export { DirectoryStore } from "./shared_store/directory_store.ts";
export { HttpStore } from "./shared_store/http_store.ts";
export { RegistryStore } from "./shared_store/registry_store.ts";
export { type GuardOptions } from "./shared_store/guarded_store.ts";
export { openShared, type SharedOptions } from "./shared_store/open_shared.ts";
export {
  type KeptResult,
  keptResults,
  sendResults,
  type SentResults,
} from "./shared_store/kept_results.ts";
export { exportResults, type ImportedResults, importResults } from "./shared_store/archive.ts";
export { ClientRunner, type ClientRunnerOptions } from "./runners/client_runner.ts";
export {
  type ClientName,
  findClient,
  type FindClientOptions,
  type FoundClient,
} from "./runners/docker_client.ts";
export { type OciImage } from "./builders/oci_layout.ts";
export { type FoundBuilder } from "./builders/managed_builder.ts";
export {
  type OwnBuilderOptions,
  recreateOwnBuilder,
  removeOwnBuilder,
} from "./builders/own_builder.ts";
export { composeFinal, type FinalDockerfile, type FinalParts } from "./final/compose_final.ts";
export { type RecordedEntry, type RecordedPlan } from "./final/recording_runner.ts";
export { finalOf } from "./final/read_records.ts";
export { BuildKitRunner, type BuildKitRunnerOptions } from "./runners/buildkit.ts";
export { InfrastructureError, type InfrastructureFields } from "./errors.ts";
export type {
  Artifact,
  Base,
  BlobKind,
  BlobStore,
  Call,
  CallKind,
  Capabilities,
  Env,
  Experiment,
  Extern,
  FallbackMode,
  InputList,
  LibPath,
  LogLevel,
  LogStyle,
  NetworkMode,
  Plan,
  PlanLinker,
  Policy,
  ResultStore,
  Runner,
  RunnerResult,
  RunOptions,
  Settings,
  Source,
  SourceKind,
  StoreOptions,
  Unit,
  UnitResult,
  Visibility,
} from "./model.ts";
