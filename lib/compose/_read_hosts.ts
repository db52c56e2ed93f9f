import { isAddress } from "./_read_ports.ts";
import { filled, list, type Read } from "./_reader.ts";
import type { TreeNode } from "../yaml_tree/mod.ts";

/** Reads lines of `/etc/hosts`. */
export const extraHosts: Read<readonly string[]> = (node, reader, path) => {
  const found: string[] = [];
  const add = (name: string, ip: string, at: TreeNode) => {
    const clean = ip.replace(/^\[(.*)\]$/, "$1");
    if (name !== "" && (isAddress(clean) || clean === "host-gateway")) {
      found.push(`${name}=${clean}`);
    } else reader.wrong(at, path, '"name=address"');
  };
  if (node.kind === "map") {
    for (const [name, { value }] of node.entries) {
      for (const one of value.kind === "list" ? value.items : [value]) {
        if (one.kind === "scalar") add(name, one.text, one);
        else reader.wrong(one, `${path}.${name}`, "an IP address");
      }
    }
    return found;
  }
  for (const one of list(filled)(node, reader, path) ?? []) {
    const at = one.search(/[=:]/);
    add(at === -1 ? "" : one.slice(0, at), one.slice(at + 1), node);
  }
  return found;
};
