/**
 * A broker, a coordinator and agents on one machine, as one graph.
 *
 * Permissions: those of `containers`, and of what is started.
 *
 * @module
 */

export { BROKER_IMAGE, type DevUp, devUp, type DevUpOptions } from "./dev_up.ts";
export type { ContainerNetwork } from "../../containers/mod.ts";
