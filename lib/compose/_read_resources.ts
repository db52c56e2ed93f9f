import { address, isAddress } from "./_read_ports.ts";
import type { FileObject, Network, Volume } from "./model.ts";
import {
  bool,
  filled,
  list,
  object,
  type Read,
  type Reader,
  record,
  text,
  texts,
} from "./_reader.ts";
import { child, isNull, type TreeNode } from "../yaml_tree/mod.ts";

/** Reads one network, volume, config or secret of a project; nothing is one with all defaults. */
export type ReadResource<T> = (
  node: TreeNode,
  reader: Reader,
  path: string,
  key: string,
  project: string,
) => T | undefined;

function range(...[node, reader, path]: Parameters<Read<string>>): string | undefined {
  const value = filled(node, reader, path);
  const [ip = "", bits, ...more] = value?.split("/") ?? [];
  const most = ip.includes(":") ? 128 : 32;
  const isRange = isAddress(ip) && more.length === 0 && /^\d{1,3}$/.test(bits ?? "") &&
    Number(bits) <= most;
  return value === undefined || isRange
    ? value
    : reader.wrong(node, path, 'a range of addresses such as "10.5.0.0/24"');
}

const networkFields = object<Omit<Network, "external">>({
  name: filled,
  driver: filled,
  driver_opts: texts,
  ipam: object<NonNullable<Network["ipam"]>>({
    driver: filled,
    config: list(
      object<NonNullable<NonNullable<Network["ipam"]>["config"]>[number]>({
        subnet: range,
        ip_range: range,
        gateway: address,
        aux_addresses: record(address),
      }),
    ),
    options: texts,
  }),
  internal: bool,
  attachable: bool,
  enable_ipv6: bool,
  labels: texts,
}, { enable_ipv4: "an engine always gives IPv4 addresses" });

const volumeFields = object<Omit<Volume, "external">>({
  name: filled,
  driver: filled,
  driver_opts: texts,
  labels: texts,
});

const IN_SWARM = "it has a meaning in a swarm only";

const fileFields = object<FileObject>({
  name: filled,
  file: filled,
  content: text,
  environment: filled,
}, { driver: IN_SWARM, driver_opts: IN_SWARM, template_driver: IN_SWARM, labels: IN_SWARM });

/** Reads a network. */
export const readNetwork: ReadResource<Network> = (node, reader, path, key, project) =>
  maybeExternal(networkFields, node, reader, path, key, project) as Network | undefined;

/** Reads a volume. */
export const readVolume: ReadResource<Volume> = (node, reader, path, key, project) =>
  maybeExternal(volumeFields, node, reader, path, key, project) as Volume | undefined;

/** Reads a config or secret. */
export const readFileObject: ReadResource<FileObject> = (node, reader, path, key, project) => {
  const external = child(node, "external");
  if (external !== undefined && !isNull(external)) {
    const isExternal = external.kind === "map" || bool(external, reader, `${path}.external`);
    if (isExternal) {
      return reader.error(
        external,
        `Cannot use "${path}.external": only a swarm keeps such objects`,
      );
    }
  }
  const fields = fileFields(without(node, "external"), reader, path);
  if (fields === undefined) return undefined;
  const given = (["file", "content", "environment"] as const).filter((name) => name in fields);
  if (given.length !== 1) {
    return reader.error(
      node,
      `"${path}" must have one of "file", "content" and "environment", not ` +
        (given.length === 0 ? "none of them" : given.map((name) => `"${name}"`).join(" and ")),
    );
  }
  if (path.startsWith("secrets.") && given[0] === "content") {
    return reader.error(node, `A secret must have a "file" or an "environment", not its "content"`);
  }
  return named(fields.name ?? `${project}_${key}`, fields);
};

function maybeExternal<T extends { readonly name?: string }>(
  read: Read<T>,
  node: TreeNode,
  reader: Reader,
  path: string,
  key: string,
  project: string,
): (T & { readonly name: string; readonly external?: boolean }) | undefined {
  if (isNull(node)) return { name: `${project}_${key}` } as T & { readonly name: string };
  const external = child(node, "external");
  const fields = read(without(node, "external"), reader, path);
  if (fields === undefined) return undefined;
  if (external === undefined || isNull(external)) {
    return named(fields.name ?? `${project}_${key}`, fields);
  }
  // The old form gives the name of what is outside within "external".
  const old = external.kind === "map"
    ? object<{ name: string }>({ name: filled })(external, reader, `${path}.external`)
    : undefined;
  const isExternal = external.kind === "map" || bool(external, reader, `${path}.external`) === true;
  if (!isExternal) return named(fields.name ?? `${project}_${key}`, fields);
  for (const name of Object.keys(fields)) {
    if (name === "name" || node.kind !== "map") continue;
    reader.error(
      node.entries.get(name)!.key,
      `"${path}" is external, so it must not have "${name}"`,
    );
  }
  return { ...named(old?.name ?? fields.name ?? key, fields), external: true };
}

// Its name comes first, wherever the file has it.
function named<T extends object>(name: string, fields: T): T & { readonly name: string } {
  return { ...{ name }, ...fields, ...{ name } };
}

function without(node: TreeNode, name: string): TreeNode {
  if (node.kind !== "map" || !node.entries.has(name)) return node;
  const entries = new Map(node.entries);
  entries.delete(name);
  return { ...node, entries };
}
