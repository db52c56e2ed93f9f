/**
 * Compose files read onto `containers`: found, interpolated, merged and checked by the rules of the
 * Compose Specification, every mistake located and all of them at once.
 *
 * `upProject`, `downProject` and `planProject` are what the commands `up` and `down` do;
 * `toNetwork` gives plain data for a `ContainerNetwork` of your own. What cannot be done is an
 * error at its place, never left out in silence. docs/compose.md has every key.
 *
 * Permissions: `--allow-read` of the files, of `.env` and of the directories above; `--allow-env`
 * unless `env` is given; for `upProject` and `downProject` those of `containers`.
 *
 * @example
 * ```ts no-eval
 * import { loadComposeProject, toNetwork } from "@superorch/superorch/compose";
 * import { ContainerNetwork } from "@superorch/superorch/containers";
 *
 * const { name, options, specs } = toNetwork(await loadComposeProject());
 * await using network = await ContainerNetwork.create(name, options);
 * network.add(...specs);
 * await network.run();
 * await network.wait();
 * ```
 *
 * @module
 */

export { loadComposeProject } from "./load.ts";
export type { LoadOptions, Project } from "./project.ts";
export { ComposeInputError } from "./errors.ts";
export type {
  BlockDeviceRate,
  BlockIo,
  Build,
  ComposeModel,
  Dependency,
  Deploy,
  Device,
  DeviceRequest,
  FileObject,
  FileReference,
  Healthcheck,
  Network,
  Port,
  Service,
  ServiceNetwork,
  ServiceVolume,
  Texts,
  Volume,
} from "./model.ts";
export { printConfig, type PrintOptions, resolveConfig } from "./print_config.ts";
export { type ProjectNetwork, toNetwork, type ToNetworkOptions } from "./to_network.ts";
export { upProject } from "./up_project.ts";
export type { UpOptions, UpResult } from "./up_options.ts";
export type {
  NoteEvent,
  OrphanEvent,
  ProjectEvent,
  ReadyEvent,
  SummaryEvent,
  UpEvent,
} from "./up_event.ts";
export type { SelectOptions, UpTarget } from "./up_target.ts";
export { type DownEvent, type DownOptions, downProject, type DownResult } from "./down_project.ts";
export { type PlanNode, type PlanOptions, planProject, type ProjectPlan } from "./plan_project.ts";
export { type LoadModuleOptions, loadNetworkModule, type ModuleNetwork } from "./network_module.ts";
export { type ExportOptions, exportTypeScript } from "./export_typescript.ts";
export { type EnvFileOptions, parseEnvFile } from "./env_file.ts";
export {
  interpolate,
  type Interpolated,
  type ReadVariable,
  type TemplateProblem,
} from "./interpolate.ts";
export { formatDuration, parseBytes, parseDuration } from "./quantities.ts";
