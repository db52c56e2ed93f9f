import type { Env, FallbackMode, NetworkMode, Settings } from "./model.ts";

/** 10 GB: what a few large projects need for all of their profiles. */
const DEFAULT_LIMIT_BYTES = 10e9;

/**
 * Reads the settings that the wrapper needs from variables, under both of their names:
 * `RUSTCBUILDX_*` and `CARGOGREEN_*`. The latter wins where both are set.
 *
 * @param env Variables.
 * @returns The settings.
 * @throws {TypeError} when a value is none of those that are known.
 */
export function readSettings(env: Env): Settings {
  const read = (name: string, other = name) =>
    env[`CARGOGREEN_${name}`] ?? env[`RUSTCBUILDX_${other}`];
  const choice = <T extends string>(name: string, value: string, choices: readonly T[]): T => {
    if ((choices as readonly string[]).includes(value)) return value as T;
    throw new TypeError(
      `Cannot use ${name}=${JSON.stringify(value)}: it must be one of ${choices.join(", ")}`,
    );
  };
  const list = (text: string | undefined) =>
    [...new Set((text ?? "").split(",").map((item) => item.trim()).filter(Boolean))].sort();
  const offline = env["CARGO_NET_OFFLINE"] === "true" || env["CARGO_NET_OFFLINE"] === "1";
  const network = choice<NetworkMode>(
    "RUNS_ON_NETWORK",
    env["CARGOGREEN_WITH_NETWORK"] ?? env["RUSTCBUILDX_RUNS_ON_NETWORK"] ?? "none",
    ["none", "default", "host"],
  );
  const cacheDir = read("CACHE_DIR") ?? defaultCacheDir(env);
  return {
    runner: choice("RUNNER", read("RUNNER") ?? "buildkit", [
      "buildkit",
      "docker",
      "buildx",
      "podman",
      "buildah",
      "local",
      "none",
    ]),
    baseImage: read("BASE_IMAGE") || undefined,
    packages: list(read("ADD_APT")),
    setEnvs: list(read("SET_ENVS")),
    cacheDir: cacheDir === "" ? undefined : cacheDir,
    cacheLimitBytes: readSize(read("CACHE_LIMIT")) ?? DEFAULT_LIMIT_BYTES,
    logPath: read("LOG_PATH") || undefined,
    fallback: choice<FallbackMode>("FALLBACK", read("FALLBACK") ?? "infra", [
      "never",
      "infra",
      "always",
    ]),
    network: offline ? "none" : network,
    sandboxBuildScripts: choice("BUILD_SCRIPTS", read("BUILD_SCRIPTS") ?? "sandbox", [
      "sandbox",
      "local",
    ]) === "sandbox",
    remap: read("REMAP") === "1",
  };
}

function defaultCacheDir(env: Env): string {
  const base = env["XDG_CACHE_HOME"];
  if (base?.startsWith("/")) return `${base.replace(/\/+$/, "")}/superorch/rustc-wrap`;
  const home = env["HOME"];
  return home ? `${home.replace(/\/+$/, "")}/.cache/superorch/rustc-wrap` : "";
}

function readSize(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text);
  if (match === null) {
    throw new TypeError(`Cannot use CACHE_LIMIT=${JSON.stringify(text)}: it must look like "10G"`);
  }
  return Number(match[1]) * 1000 ** " kmgt".indexOf((match[2] || " ").toLowerCase());
}
