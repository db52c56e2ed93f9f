import { didYouMean } from "../diagnostics/mod.ts";
import type { ServiceVolume } from "./model.ts";
import { bool, bytes, filled, object, oneOf, type Read, type Reader } from "./_reader.ts";
import type { TreeNode } from "../yaml_tree/mod.ts";
import { isHostPath, splitVolume } from "./_volume_text.ts";

const PROPAGATIONS = ["rprivate", "private", "rshared", "shared", "rslave", "slave"] as const;
const OPTIONS = [
  "rw",
  "ro",
  "z",
  "Z",
  "nocopy",
  "cached",
  "delegated",
  "consistent",
  ...PROPAGATIONS,
];

/** Reads permission bits: `0440`, `0o440` or, decimal as YAML 1.2 has it, a quoted octal text. */
export const fileMode: Read<string> = (node, reader, path) => {
  const found = node.kind === "scalar" ? /^0?o?([0-7]{1,4})$/.exec(node.text) : null;
  return found === null
    ? reader.wrong(node, path, 'permission bits in octal digits such as "0440"')
    : `0${found[1]!.replace(/^0+(?=.)/, "")}`;
};

const longForm = object<ServiceVolume>({
  type: oneOf("bind", "volume", "tmpfs"),
  source: filled,
  target: filled,
  read_only: bool,
  bind: object<NonNullable<ServiceVolume["bind"]>>({
    create_host_path: bool,
    propagation: oneOf(...PROPAGATIONS),
    selinux: oneOf("z", "Z"),
  }, { recursive: "superorch leaves mounts below the path as the engine does by itself" }),
  volume: object<NonNullable<ServiceVolume["volume"]>>(
    { nocopy: bool },
    {
      subpath: "superorch mounts whole volumes only",
      labels: "superorch takes labels from the volume of the project",
    },
  ),
  tmpfs: object<NonNullable<ServiceVolume["tmpfs"]>>({ size: bytes, mode: fileMode }),
}, {
  image: "superorch mounts no images",
}, {
  consistency: "engines have not looked at it for years",
});

/** Reads what is mounted, in both forms. */
export const volumes: Read<readonly ServiceVolume[]> = (node, reader, path) => {
  if (node.kind !== "list") return reader.wrong(node, path, "a list");
  const found: ServiceVolume[] = [];
  const targets = new Map<string, TreeNode>();
  for (const item of node.items) {
    const volume = item.kind === "map" ? long(item, reader, path) : shortForm(item, reader, path);
    if (volume === undefined) continue;
    if (targets.has(volume.target)) {
      reader.error(item, `"${volume.target}" is mounted twice in "${path}"`);
    }
    targets.set(volume.target, item);
    found.push(volume);
  }
  return found;
};

function long(node: TreeNode, reader: Reader, path: string): ServiceVolume | undefined {
  const volume = longForm(node, reader, path);
  if (volume === undefined || node.kind !== "map") return undefined;
  for (const name of ["type", "target"]) {
    if (!node.entries.has(name)) reader.error(node, `A volume in "${path}" must have a "${name}"`);
  }
  const { type, target, source } = volume;
  if (type === undefined || target === undefined) return undefined;
  if (type === "bind" && source === undefined && !node.entries.has("source")) {
    return reader.error(node, `A bind in "${path}" must have a "source"`);
  }
  if (type === "tmpfs" && source !== undefined) {
    return reader.error(node, `A tmpfs in "${path}" must not have a "source"`);
  }
  for (const kind of ["bind", "volume", "tmpfs"] as const) {
    if (kind !== type && volume[kind] !== undefined) {
      reader.error(node, `A volume of type "${type}" in "${path}" must not have "${kind}"`);
    }
  }
  return requireAbsolute({ ...volume, type, target } as ServiceVolume, node, reader);
}

function shortForm(node: TreeNode, reader: Reader, path: string): ServiceVolume | undefined {
  const written = filled(node, reader, path);
  if (written === undefined) return undefined;
  const parts = splitVolume(written);
  if (parts === undefined) {
    return reader.wrong(node, path, '"[source:]target[:options]"');
  }
  const { source, target, options } = parts;
  for (const option of options) {
    if (OPTIONS.includes(option)) continue;
    const meant = didYouMean(option, OPTIONS);
    reader.error(
      node,
      `Unknown option "${option}" of volume "${written}"`,
      meant === undefined ? undefined : `did you mean "${meant}"?`,
    );
  }
  const isBind = source !== undefined && isHostPath(source);
  const propagation = options.find((option) => PROPAGATIONS.some((one) => one === option));
  const selinux = options.find((option) => option === "z" || option === "Z") as "z" | "Z";
  const volume: ServiceVolume = {
    type: isBind ? "bind" : "volume",
    ...(source === undefined ? {} : { source }),
    target,
    ...(options.includes("ro") ? { read_only: true } : {}),
    ...(isBind
      ? {
        bind: {
          create_host_path: true,
          ...(propagation === undefined ? {} : { propagation }),
          ...(selinux === undefined ? {} : { selinux }),
        },
      }
      : options.includes("nocopy")
      ? { volume: { nocopy: true } }
      : {}),
  };
  return requireAbsolute(volume, node, reader);
}

function requireAbsolute(
  volume: ServiceVolume,
  node: TreeNode,
  reader: Reader,
): ServiceVolume | undefined {
  if (/^(?:\/|[a-zA-Z]:[\\/])/.test(volume.target)) return volume;
  return reader.error(node, `Cannot mount to "${volume.target}": the path must be absolute`);
}
