import { DEFAULT_REGISTRY } from "./reference.ts";

/** The host of whatever an address was written as: with a scheme, with a path, or plain. */
export function keyOf(address: string): string {
  const host = address.replace(/^https?:\/\//, "").split("/")[0] ?? "";
  return host === DEFAULT_REGISTRY || host === "registry-1.docker.io" ? "index.docker.io" : host;
}
