import type { Settings } from "../model.ts";

/** The builder that we make and look after. */
export const MANAGED_BUILDER = "supergreen";

/** What a builder of ours is like: another one is made when any of it changes. */
export interface BuilderSpec {
  /** Its name. */
  readonly name: string;
  /** Image of BuildKit. */
  readonly image: string;
  /** Whether it has the network of its machine: a registry on localhost is asked there. */
  readonly hostNetwork: boolean;
  /** Flags of buildkitd; empty for none. */
  readonly flags: string;
  /** Its `buildkitd.toml`. */
  readonly config: string;
}

/**
 * What the builder of some settings is like.
 *
 * @param settings Image, mirrors, and where results come from.
 * @returns The builder.
 */
export function builderSpec(
  settings: Pick<
    Settings,
    "builderImage" | "registryMirrors" | "cacheFrom" | "cacheTo" | "baseImage" | "network"
  >,
): BuilderSpec {
  const { builderImage, registryMirrors, cacheFrom, cacheTo, baseImage, network } = settings;
  const images = [...cacheFrom, ...cacheTo]
    .filter((place) => place.startsWith("docker-image://"))
    .map((place) => place.slice("docker-image://".length));
  const hosts = [...images, ...baseImage === undefined ? [] : [baseImage], ...registryMirrors]
    .map((name) => name.split("/")[0]!);
  // Nobody has a certificate for his own machine.
  const plain = [...new Set(hosts.filter(isLocal))].sort();
  return {
    name: MANAGED_BUILDER,
    image: builderImage,
    hostNetwork: plain.length > 0,
    flags: network === "host" ? "--allow-insecure-entitlement=network.host" : "",
    config: buildkitdConfig(registryMirrors, plain),
  };
}

/** Hosts and names have no characters that a TOML text would need to escape. */
function buildkitdConfig(mirrors: readonly string[], plain: readonly string[]): string {
  const parts: string[] = [];
  if (mirrors.length > 0) {
    const list = mirrors.map((mirror) => JSON.stringify(mirror)).join(", ");
    parts.push(`[registry."docker.io"]\n  mirrors = [${list}]\n`);
  }
  for (const host of plain) {
    parts.push(`[registry.${JSON.stringify(host)}]\n  http = true\n  insecure = true\n`);
  }
  return parts.join("\n");
}

function isLocal(host: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/.test(host);
}
