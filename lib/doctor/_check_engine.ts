import { hasBuildKit } from "../engine/build/mod.ts";
import {
  compareVersions,
  type EngineClient,
  type EngineInfo,
  type EngineVersion,
  MAX_API_VERSION,
} from "../engine/mod.ts";
import { type Finding, ok, oneLine, warning } from "./check.ts";

/** Debian 12 and Ubuntu 20.04 have this one; older ones are kept up by nobody. */
const OLDEST_SUPPORTED = "20.10";

/** The version of the engine. */
export function checkVersion(engine: EngineClient, version: EngineVersion): Finding {
  const shown = `${engine.flavour} ${version.Version} (${version.Os}/${version.Arch})`;
  const number = /^\d+\.\d+/.exec(version.Version)?.[0];
  if (engine.flavour === "docker" && number !== undefined && isOlder(number, OLDEST_SUPPORTED)) {
    return warning(
      `${shown} is older than ${OLDEST_SUPPORTED}`,
      "sudo apt-get install docker.io, or see https://docs.docker.com/engine/install/",
    );
  }
  return ok(shown);
}

/** The API that is spoken. */
export function checkApi(engine: EngineClient, version: EngineVersion, pinned?: string): Finding {
  const range = version.MinAPIVersion === undefined ? "" : `${version.MinAPIVersion} to `;
  const shown = `${engine.apiVersion} is spoken; the engine offers ${range}${version.ApiVersion}`;
  const possible = isOlder(version.ApiVersion, MAX_API_VERSION)
    ? version.ApiVersion
    : MAX_API_VERSION;
  if (pinned && isOlder(engine.apiVersion, possible)) {
    return warning(`${shown}; DOCKER_API_VERSION holds it back`, "unset DOCKER_API_VERSION");
  }
  return ok(shown);
}

function isOlder(version: string, than: string): boolean {
  return compareVersions(version, than) < 0;
}

/** Where images and containers are kept, and how. */
export function checkStorage({ Driver, DockerRootDir }: EngineInfo): Finding {
  const shown = `${Driver} in ${DockerRootDir}`;
  if (Driver === "vfs") {
    return warning(
      `${shown}: each layer is a whole copy, which is slow and large`,
      `put the engine's data on ext4 or xfs, for example: XDG_STATE_HOME=DIR superorch engine ensure`,
    );
  }
  if (Driver === "aufs" || Driver === "devicemapper") {
    return warning(
      `${shown}: newer engines have given this driver up`,
      `set "storage-driver": "overlay2" in /etc/docker/daemon.json; images have to be made again`,
    );
  }
  return ok(shown);
}

/** Whether builds can use BuildKit. */
export async function checkBuildKit(engine: EngineClient, signal: AbortSignal): Promise<Finding> {
  if (await hasBuildKit(engine, { signal })) return ok("is in the engine, no client is needed");
  if (engine.flavour === "podman") {
    return ok("podman builds with its own builder; secrets and cache mounts are up to that");
  }
  return warning(
    "the engine has none: builds have no secrets, no cache mounts, and one step at a time",
    "sudo apt-get install docker.io",
  );
}

/** How limits of memory and processors are kept. */
export function checkCgroups({ CgroupVersion, Warnings }: EngineInfo): Finding {
  const missing = (Warnings ?? []).filter((text) => LIMITS.test(text));
  const version = CgroupVersion === undefined ? "unknown version" : `version ${CgroupVersion}`;
  if (missing.length > 0) {
    return warning(
      `${version}; some limits are not kept: ${missing.map(oneLine).join(", ")}`,
      "add cgroup_enable=memory swapaccount=1 to the kernel's command line and start again",
    );
  }
  return ok(version);
}

const LIMITS = /\bNo (?:\S+ )+(?:support|limit)|No .*(?:limit|cpu|memory|swap|oom)/i;

/** What the engine itself complains about. */
export function checkWarnings({ Warnings }: EngineInfo): Finding {
  const others = (Warnings ?? []).filter((text) => !LIMITS.test(text));
  if (others.length === 0) return ok("the engine has none");
  const forwarding = others.some((text) => /bridge-nf-call/i.test(text));
  return warning(
    others.map((text) => oneLine(text.replace(/^WARNING: /, ""))).join("; "),
    forwarding ? "sudo modprobe br_netfilter" : undefined,
  );
}
