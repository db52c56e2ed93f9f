/**
 * Containers and host commands as one graph: health and other conditions by events, complete logs,
 * one failure report with the guilty one first, cleanup on every way out.
 *
 * A specification is plain data; running it in a {@linkcode ContainerNetwork} gives things to talk
 * to. Calls of the engine that have nothing to do with a graph are in `engine`.
 *
 * Permissions: those of `engine`; `--allow-run` of Deno itself for the reaper that cleans up after
 * a crash; `--allow-write` of the log directory; `--allow-all` to tell dead owners from living ones
 * (Deno gives `/proc` to nothing less), without which nothing is swept at the start.
 *
 * @example
 * ```ts no-eval
 * import { container, ContainerNetwork } from "@superorch/superorch/containers";
 *
 * await using network = await ContainerNetwork.create("hello");
 * network.add(container("greeter", "busybox", { command: ["echo", "hello"] }));
 * await network.run();
 * const results = await network.wait(["greeter"], { timeoutMs: 60_000 });
 * console.log(results.get("greeter")?.stdoutText()); // "hello\n"
 * ```
 *
 * @module
 */

export { ContainerNetwork } from "./network.ts";
export type {
  NetworkDefinition,
  NetworkOptions,
  NodeResult,
  NodeSummary,
  RunOptions,
  SubnetSpec,
  VolumeDefinition,
  WaitOptions,
} from "./network_spec.ts";
export {
  type BindSpec,
  type BlockIoSpec,
  container,
  type ContainerOptions,
  type ContainerSpec,
  type Dependencies,
  type DeviceRateSpec,
  type DeviceRequestSpec,
  type DeviceSpec,
  type EndpointSpec,
  type FileSpec,
  type HealthSpec,
  hostCommand,
  type HostCommandSpec,
  type NamedVolumeSpec,
  type NodeOptions,
  type NodeSpec,
  type PortSpec,
  type RestartSpec,
  type TmpfsSpec,
  type UlimitSpec,
  type VolumeSpec,
} from "./spec.ts";
export {
  type BuildOptions,
  type ContextFile,
  Dockerfile,
  dockerfile,
  type DockerfileSource,
  image,
  type ImageReference,
  type ImageSource,
} from "./dockerfile.ts";
export {
  copyEntrypoint,
  type EntrypointOptions,
  externalEntrypoint,
  mergeOptions,
  selfEntrypoint,
  type SelfEntrypointOptions,
} from "./entrypoints.ts";
export {
  type Condition,
  describeCondition,
  type ExecCondition,
  type FileCondition,
  type HttpCondition,
  type LogCondition,
  type PortCondition,
} from "./conditions.ts";
export { type PublishedPort, RunningContainer } from "./running_container.ts";
export { type LogLine, type LogReadOptions, readLog } from "./container_log.ts";
export { type ContainerUsage } from "./container_usage.ts";
export { Attachment, type AttachmentOptions } from "./attachment.ts";
export {
  type CopyContent,
  type CopyHostPath,
  copyIntoContainer,
  type CopyOptions,
  copyOutOfContainer,
  type CopySource,
  type CopyTar,
  existsInContainer,
  readFileOfContainer,
} from "./copy.ts";
export { execInContainer, type ExecOptions, type ExecResult } from "./exec.ts";
export {
  ContainerStartError,
  DependencyError,
  NetworkFailedError,
  NetworkTimeoutError,
  type NodeBystander,
  NodeEndedError,
  type NodeFailure,
  UnhealthyError,
  type WaitContextFields,
} from "./errors.ts";
export { GraphError } from "./graph.ts";
export { planNetwork, type PlanStep } from "./plan.ts";
export {
  formatPlan,
  type NetworkPlan,
  type PlannedObject,
  type PlannedStep,
} from "./network_plan.ts";
export {
  defineNetwork,
  type DescribeContext,
  type NetworkDescription,
  type NetworkModule,
  type NetworkSettings,
} from "./network_description.ts";
export { cleanupSignal, patiently } from "./patience.ts";
export { stopPolitely } from "./polite_stop.ts";
export type { ImageEvent, LineEvent, NodeEvent, RunEvent } from "./run_event.ts";
export type { TimelineEntry } from "./node_status.ts";
export { LABEL, labelsOf, type LabelValues, type Lifetime } from "./labels.ts";
export {
  formatOwner,
  identifyProcess,
  type Owner,
  type OwnerState,
  ownerState,
  parseOwner,
  UNKNOWN_OWNER,
} from "./owner.ts";
export {
  listOwned,
  type OwnedObject,
  removeOwned,
  sweepDeadOwners,
  type SweepOptions,
  type SweepResult,
} from "./sweep.ts";
export {
  execInteractively,
  type InteractiveExecOptions,
  type TerminalStreams,
} from "./interactive_exec.ts";
export { autoExec, type AutoExecOptions } from "./auto_exec.ts";
export {
  findKept,
  guardFirstStart,
  type KeptProject,
  lockKept,
  type LockKeptOptions,
  removeKept,
  type RemoveKeptOptions,
} from "./kept.ts";
export { hasDoneItsWork, isKeptCurrent, type WantedNetwork } from "./kept_current.ts";
export { formatSummary } from "./summary_table.ts";
export { runLogDirectory } from "./run_log_directory.ts";
export { reaperMain } from "./reaper.ts";
export { specHash, type SpecHashOptions } from "./spec_hash.ts";
