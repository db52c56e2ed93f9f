import type { EngineClient } from "../../engine/client.ts";
import type { Base } from "../model.ts";

/** The image that steps run in, and how it comes to an engine. */
export interface BaseImage {
  /** What plans and keys need of it. */
  readonly base: Base;
  /**
   * Makes sure that the engine has it: pulls or makes it.
   *
   * @throws {InfrastructureError} when that is not possible.
   */
  ensure(engine: EngineClient, signal?: AbortSignal): Promise<void>;
}
