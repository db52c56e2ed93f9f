import type { Deploy } from "./model.ts";
import { reservedDevices } from "./_read_limits.ts";
import { bytes, int, number, object, oneOf, type Read } from "./_reader.ts";
import type { MapNode } from "../yaml_tree/mod.ts";

const SWARM = "it has a meaning in a swarm only";

type Reservations = NonNullable<NonNullable<Deploy["resources"]>["reservations"]>;

type RestartPolicy = NonNullable<Deploy["restart_policy"]>;

/** Reads `deploy`. */
export const deploy: Read<Deploy> = (node, reader, path) =>
  object<Deploy>({
    replicas: int(0, 1_000),
    resources: object<NonNullable<Deploy["resources"]>>({
      limits: object<NonNullable<NonNullable<Deploy["resources"]>["limits"]>>({
        cpus: number,
        memory: bytes,
        pids: int(0),
      }),
      reservations: object<Reservations>({ memory: bytes, devices: reservedDevices }, {
        cpus: "an engine cannot reserve processors for a container",
        generic_resources: SWARM,
      }),
    }),
    restart_policy: (...words) => restartPolicy(...words),
  }, {
    mode: { reason: SWARM, unless: "replicated" },
    endpoint_mode: SWARM,
    labels: SWARM,
    placement: SWARM,
    update_config: SWARM,
    rollback_config: SWARM,
  })(node, reader, path) as Deploy | undefined;

// An engine counts attempts after failures only.
const restartPolicy: Read<RestartPolicy> = (node, reader, path) => {
  const policy = object<RestartPolicy>({
    condition: oneOf("none", "on-failure", "any"),
    max_attempts: int(0),
  }, {
    delay: "the engine chooses the pause itself",
    window: "the engine restarts without a window",
  })(node, reader, path);
  if (policy?.max_attempts !== undefined && policy.condition !== "on-failure") {
    const at = (node as MapNode).entries.get("max_attempts")!.key;
    return reader.error(at, `"${path}.max_attempts" must go with the condition "on-failure"`);
  }
  return policy;
};
