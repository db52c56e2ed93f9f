/**
 * An engine where there is none: installs and starts Docker on Debian and Ubuntu, stops it again,
 * and gives it images to start from without a registry.
 *
 * It is for demos, tests and fresh machines. It does not configure, secure or upgrade an engine
 * that serves others, and it never touches one that it has not started.
 *
 * Permissions: `-A`; `ensureEngine()` reads `/proc`, starts programs as root and writes the state
 * directory.
 *
 * @example
 * ```ts
 * import { connectEngine } from "@superorch/superorch/engine";
 * import { ensureBaseImages, ensureEngine } from "@superorch/superorch/engine/ensure";
 *
 * async function setUp(): Promise<string> {
 *   const { host } = await ensureEngine();
 *   await using engine = await connectEngine({ host });
 *   return (await ensureBaseImages(engine)).busybox;
 * }
 * ```
 *
 * @module
 */

export {
  type Discover,
  type EngineProgress,
  type EnsuredEngine,
  ensureEngine,
  type EnsureEngineOptions,
  type EnsureStep,
} from "./ensure_engine.ts";
export { type ProgressLines, progressLines } from "./progress_lines.ts";
export { stopEngine, type StopEngineOptions, type StoppedEngine } from "./stop_engine.ts";
export {
  type EngineStatus,
  engineStatus,
  type EngineStatusOptions,
  type OwnEngine,
  type UsedEngine,
} from "./engine_status.ts";
export { type BaseImages, type BaseImagesOptions, ensureBaseImages } from "./base_images.ts";
export { BUSYBOX_IMAGE, busyboxImage, type BusyboxImageOptions } from "./busybox_image.ts";
export {
  EngineSetupError,
  type EngineSetupErrorFields,
  type EngineSetupStep,
} from "./engine_setup_error.ts";
