import type { NetworkOptions } from "./network_spec.ts";
import type { NodeSpec } from "./spec.ts";

/** What of a network's options concerns what it is, not who runs it and how it is watched. */
export type NetworkSettings = Pick<
  NetworkOptions,
  | "subnets"
  | "ipv6"
  | "internal"
  | "driver"
  | "driverOptions"
  | "labels"
  | "networks"
  | "volumes"
  | "startWidth"
>;

/**
 * A whole network as plain data: what a module exports as its default, so that
 * `superorch up MODULE.ts` and `superorch down MODULE.ts` can run it.
 */
export interface NetworkDescription {
  /** Its name: small letters, digits, `-` and `_`. Default: the name of the module's directory. */
  readonly name?: string;
  /** Containers and host commands. */
  readonly specs: readonly NodeSpec[];
  /** Addresses, further networks, volumes. */
  readonly options?: NetworkSettings;
}

/** What a function that describes a network is told. */
export interface DescribeContext {
  /** Variables of the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path of the module's directory. */
  readonly directory: string;
  /** Ends whatever it does. */
  readonly signal: AbortSignal;
}

/** What the default export of a module may be: a description, or a function that makes one. */
export type NetworkModule =
  | NetworkDescription
  | ((context: DescribeContext) => NetworkDescription | Promise<NetworkDescription>);

/**
 * Gives a network for `superorch up` its type; it changes nothing.
 *
 * @param network The description, or a function that makes one.
 * @returns The same.
 * @example
 * ```ts
 * import { container, defineNetwork } from "@superorch/superorch/containers";
 *
 * export default defineNetwork({
 *   name: "shop",
 *   specs: [container("db", "postgres:16", { health: ["pg_isready"] })],
 * });
 * ```
 */
export function defineNetwork<T extends NetworkModule>(network: T): T {
  return network;
}
