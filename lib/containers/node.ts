import type { ConnectTurns } from "./_connect_turns.ts";
import type { NodeSpec } from "./spec.ts";
import type { NodeOutput } from "./node_output.ts";
import type { NodeStatus } from "./node_status.ts";

/**
 * A node of a network while it is prepared, runs, and has ended: the part that containers and host
 * commands have in common.
 */
export interface GraphNode {
  /** What it was made from. */
  readonly spec: NodeSpec;
  /** How far it has come. */
  readonly status: NodeStatus;
  /** What it wrote. */
  readonly output: NodeOutput;
  /** What it is made from, for tables: the reference of an image, or a command line. */
  readonly origin: string;
  /** Makes everything that can be made before others run. */
  create(signal: AbortSignal): Promise<void>;
  /**
   * Starts it; settles when it runs.
   *
   * @param signal Ends the attempt.
   * @param turns Who is let into the networks when; without, it is as many as there are.
   */
  start(signal: AbortSignal, turns?: ConnectTurns): Promise<void>;
  /**
   * Ends it and removes what it was made of; settles when nothing is left.
   *
   * @param graceMs How long it may take to end by itself after it was asked to.
   */
  terminate(graceMs: number): Promise<void>;
  /** Stops watching it: a container goes on, a host command is ended. */
  letGo(): Promise<void>;
}
