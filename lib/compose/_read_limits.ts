import type { BlockIo, DeviceRequest, Service } from "./model.ts";
import {
  bytes,
  filled,
  int,
  list,
  object,
  type Read,
  type Reader,
  record,
  texts,
} from "./_reader.ts";
import { parseDuration } from "./quantities.ts";
import type { TreeNode } from "../yaml_tree/mod.ts";

/** Reads a time in microseconds, as a number or as a duration. */
export const microseconds: Read<number> = (node, reader, path) => {
  if (node.kind === "scalar" && /^\d+$/.test(node.text)) return Number(node.text);
  const ms = node.kind === "scalar" ? parseDuration(node.text) : undefined;
  return ms === undefined
    ? reader.wrong(node, path, 'microseconds, or a duration such as "50ms"')
    : Math.round(ms * 1_000);
};

const count: Read<number | "all"> = (node, reader, path) =>
  node.kind === "scalar" && (node.text === "all" || node.text === "-1")
    ? "all"
    : int(1)(node, reader, path);

const requestFields = object<DeviceRequest>({
  capabilities: list(filled),
  driver: filled,
  count,
  device_ids: list(filled),
  options: texts,
});

function request(node: TreeNode, reader: Reader, path: string): Partial<DeviceRequest> | undefined {
  const fields = requestFields(node, reader, path);
  if (fields?.count !== undefined && fields.device_ids !== undefined) {
    return reader.error(node, `An item of "${path}" must not have both "count" and "device_ids"`);
  }
  return fields;
}

/** Reads `deploy.resources.reservations.devices`. */
export const reservedDevices: Read<readonly DeviceRequest[]> = list((node, reader, path) => {
  const fields = request(node, reader, path);
  if (fields === undefined) return undefined;
  if ((fields.capabilities ?? []).length === 0) {
    return reader.error(node, `An item of "${path}" must have "capabilities" such as ["gpu"]`);
  }
  return fields as DeviceRequest;
});

/** Reads `gpus`: `all`, or a list as that of reserved devices, which need not say what they are. */
export const gpus: Read<readonly DeviceRequest[]> = (node, reader, path) => {
  if (node.kind === "scalar" && node.text === "all") {
    return [{ capabilities: ["gpu"], count: "all" }];
  }
  if (node.kind !== "list") return reader.wrong(node, path, '"all" or a list');
  return list<DeviceRequest>((item, reader, path) => {
    const fields = request(item, reader, path);
    if (fields === undefined) return undefined;
    const capabilities = [...new Set(["gpu", ...fields.capabilities ?? []])];
    return { ...fields, capabilities };
  })(node, reader, path);
};

type Rate = NonNullable<BlockIo["device_read_bps"]>[number];
type Weight = NonNullable<BlockIo["weight_device"]>[number];

const weight = int(10, 1000);

function device<T>(of: Read<Partial<T>>, second: keyof T & string): Read<T> {
  return (node, reader, path) => {
    const fields = of(node, reader, path) as Partial<T> & { path?: string } | undefined;
    if (fields === undefined || node.kind !== "map") return undefined;
    // What is written wrong was reported where it stands.
    if (!node.entries.has("path") || !node.entries.has(second)) {
      return reader.error(node, `An item of "${path}" must have a "path" and a "${second}"`);
    }
    return fields.path === undefined || fields[second] === undefined ? undefined : fields as T;
  };
}

const bytesRate = device<Rate>(
  object<Rate>({ path: filled, rate: (...words) => number(bytes(...words)) }),
  "rate",
);
const operationsRate = device<Rate>(object<Rate>({ path: filled, rate: int(1) }), "rate");

function number(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** Reads `blkio_config`. */
export const blockIo: Read<BlockIo> = object<BlockIo>({
  weight,
  weight_device: list(device<Weight>(object<Weight>({ path: filled, weight }), "weight")),
  device_read_bps: list(bytesRate),
  device_write_bps: list(bytesRate),
  device_read_iops: list(operationsRate),
  device_write_iops: list(operationsRate),
});

/** Reads an item of `volumes_from`. */
export const volumesFrom: Read<NonNullable<Service["volumes_from"]>[number]> = (
  node,
  reader,
  path,
) => {
  const value = filled(node, reader, path);
  return value === undefined || /^(?:container:)?[^:]+(?::(?:ro|rw))?$/.test(value)
    ? value
    : reader.wrong(node, path, '"service[:ro]" or "container:name[:ro]"');
};

/** Reads an item of `device_cgroup_rules`. */
export const deviceRule: Read<string> = (node, reader, path) => {
  const value = filled(node, reader, path);
  return value === undefined || /^[acb] (?:\d+|\*):(?:\d+|\*) [rwm]{1,3}$/.test(value)
    ? value
    : reader.wrong(node, path, 'a rule such as "c 1:3 rwm"');
};

/** Reads `ulimits`. */
export const ulimits: Read<NonNullable<Service["ulimits"]>> = record((node, reader, path) => {
  if (node.kind !== "map") return int(-1)(node, reader, path);
  const fields = object<{ soft: number; hard: number }>({ soft: int(-1), hard: int(-1) })(
    node,
    reader,
    path,
  );
  if (fields?.soft === undefined || fields.hard === undefined) {
    return reader.error(node, `"${path}" must have both "soft" and "hard"`);
  }
  if (fields.soft > fields.hard && fields.hard !== -1) {
    return reader.error(node, `"${path}" must not have a soft limit above its hard one`);
  }
  return { soft: fields.soft, hard: fields.hard };
});
