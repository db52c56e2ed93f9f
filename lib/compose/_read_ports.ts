import type { Port } from "./model.ts";
import { portParts } from "./_port_text.ts";
import { filled, int, object, oneOf, type Read, type Reader, text } from "./_reader.ts";
import type { TreeNode } from "../yaml_tree/mod.ts";

const PROTOCOLS = ["tcp", "udp", "sctp"] as const;

const longForm = object<Port>({
  name: text,
  mode: oneOf("ingress", "host"),
  host_ip: address,
  target: int(1, 65535),
  published: publishedPort,
  protocol: oneOf(...PROTOCOLS),
  app_protocol: text,
});

/** Reads published ports in both forms; ranges become one port each. */
export const ports: Read<readonly Port[]> = (node, reader, path) => {
  if (node.kind !== "list") return reader.wrong(node, path, "a list");
  return node.items.flatMap((item) => {
    if (item.kind !== "map") return shortForm(item, reader, path);
    const port = longForm(item, reader, path);
    if (port === undefined) return [];
    if (!item.entries.has("target")) {
      reader.error(item, `A port in "${path}" must have a "target"`);
      return [];
    }
    if (port.target === undefined) return [];
    return [{ ...port, mode: port.mode ?? "ingress", protocol: port.protocol ?? "tcp" } as Port];
  });
};

/** Reads ports for other containers: numbers or ranges, with a protocol. */
export const expose: Read<string> = (node, reader, path) => {
  const wanted = 'a port or range such as "3000" or "3000-3005/udp"';
  if (node.kind !== "scalar") return reader.wrong(node, path, wanted);
  const [range, protocol, ...more] = node.text.split("/");
  const fine = rangeOf(range!) !== undefined && more.length === 0 &&
    (protocol === undefined || isProtocol(protocol));
  return fine ? node.text : reader.wrong(node, path, wanted);
};

function shortForm(node: TreeNode, reader: Reader, path: string): readonly Port[] {
  const written = filled(node, reader, path);
  if (written === undefined) return [];
  const { hostIp: ip, published, target, protocol = "tcp" } = portParts(written);
  const fail = (what: string, hint?: string) => {
    reader.error(node, `Cannot read port "${written}": ${what}`, hint);
    return [];
  };
  const inside = rangeOf(target);
  if (inside === undefined) {
    return fail(`"${target}" must be a port from 1 to 65535, or a range of them`);
  }
  const outside = published === undefined ? undefined : rangeOf(published);
  if (published !== undefined && outside === undefined) {
    return fail(`"${published}" must be a port from 1 to 65535, or a range of them`);
  }
  if (!isProtocol(protocol)) return fail('the protocol must be "tcp", "udp" or "sctp"');
  if (ip !== undefined && !isAddress(ip)) return fail(`"${ip}" must be an IP address`);
  const count = inside.last - inside.first + 1;
  const outsideCount = outside === undefined ? count : outside.last - outside.first + 1;
  if (outsideCount !== count && count !== 1) {
    return fail(`the ranges "${published}" and "${target}" must have the same length`);
  }
  return Array.from({ length: count }, (_, index): Port => ({
    mode: "ingress",
    ...(ip === undefined ? {} : { host_ip: ip }),
    target: inside.first + index,
    ...(outside === undefined ? {} : {
      published: outsideCount === count ? String(outside.first + index) : published!,
    }),
    protocol,
  }));
}

function publishedPort(node: TreeNode, reader: Reader, path: string): string | undefined {
  const value = node.kind === "scalar" ? node.text : "";
  if (value === "0" || value === "" && node.kind === "scalar") return undefined;
  return rangeOf(value) === undefined
    ? reader.wrong(node, path, 'a port such as "8080" or a range such as "8080-8090"')
    : value;
}

/** Reads an IPv4 or IPv6 address. */
export function address(...[node, reader, path]: Parameters<Read<string>>): string | undefined {
  const value = text(node, reader, path);
  return value === undefined || isAddress(value)
    ? value
    : reader.wrong(node, path, "an IP address");
}

/** Tells whether a text looks like an IPv4 or IPv6 address. */
export function isAddress(value: string): boolean {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(value);
  if (four !== null) return four.slice(1).every((part) => Number(part) < 256);
  return /^[0-9a-fA-F:.]+$/.test(value) && value.includes(":") && value.split(":").length > 2;
}

function isProtocol(value: string): value is Port["protocol"] {
  return PROTOCOLS.some((protocol) => protocol === value);
}

/** Reads `80` or `80-90`. */
export function rangeOf(value: string): { first: number; last: number } | undefined {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value);
  if (found === null) return undefined;
  const first = Number(found[1]);
  const last = Number(found[2] ?? found[1]);
  return first >= 1 && last <= 65535 && first <= last ? { first, last } : undefined;
}
