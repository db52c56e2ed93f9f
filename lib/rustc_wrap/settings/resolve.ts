import type {
  Env,
  FallbackMode,
  LogLevel,
  LogStyle,
  NetworkMode,
  Settings,
  SourceKind,
} from "../model.ts";
import { parseValue, type SettingValue } from "./parse_value.ts";
import { type SettingRow, SETTINGS } from "./table.ts";

/** Settings of one file. */
export interface SettingsLayer {
  /** Where they are: a path, with the table in it. */
  readonly place: string;
  /** As TOML has them. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** A setting and where its value came from. */
export interface ResolvedSetting {
  /** The setting. */
  readonly row: SettingRow;
  /** Its value; an empty text or list is none. */
  readonly value: SettingValue;
  /** A variable, a file with its table, or `default`. */
  readonly source: string;
}

/** All settings, as single values and as the wrapper takes them. */
export interface ResolvedSettings {
  /** In the order of the table. */
  readonly rows: readonly ResolvedSetting[];
  /** For the wrapper. */
  readonly settings: Settings;
}

/**
 * Finds the value of each setting: variables count over files, and earlier files over later ones.
 *
 * @param env Variables.
 * @param layers Files, the most important one first.
 * @returns Values and where they came from.
 * @throws {TypeError} when values are wrong; its message names all of them, a line each.
 */
export function resolveSettings(
  env: Env,
  layers: readonly SettingsLayer[] = [],
): ResolvedSettings {
  const mistakes: string[] = [];
  const files = layers.flatMap((layer) => {
    try {
      return flatten(layer, profileOf(env));
    } catch (error) {
      mistakes.push((error as Error).message);
      return [];
    }
  });
  const rows = SETTINGS.map((row): ResolvedSetting => {
    const name = row.names.find((candidate) => env[candidate] !== undefined);
    const file = files.find(({ key }) => key === row.key);
    const [raw, place, source] = name !== undefined
      ? [env[name], name, name] as const
      : file !== undefined
      ? [file.raw, `${file.place} ${row.key}`, file.place] as const
      : [row.fallback, row.names[0]!, "default"] as const;
    try {
      return { row, value: parseValue(row, { raw, place }), source };
    } catch (error) {
      mistakes.push((error as Error).message);
      return { row, value: "", source };
    }
  });
  mistakes.push(...contradictions(rows, env));
  if (mistakes.length > 0) throw new TypeError(mistakes.join("\n"));
  return settingsOf(rows, env);
}

/** Variables of docker itself that would make it build with something else. */
function contradictions(rows: readonly ResolvedSetting[], env: Env): string[] {
  const text = (key: string) => String(rows.find(({ row }) => row.key === key)?.value);
  const runner = text("runner");
  if (runner !== "docker" && runner !== "buildx") return [];
  const found: string[] = [];
  if (env["DOCKER_BUILDKIT"] !== undefined && env["DOCKER_BUILDKIT"] !== "1") {
    found.push(
      `Cannot use DOCKER_BUILDKIT=${JSON.stringify(env["DOCKER_BUILDKIT"])}: ` +
        `the runner ${runner} builds with BuildKit only`,
    );
  }
  if (env["BUILDKIT_HOST"] && text("builder") !== "") {
    found.push(
      `Cannot use BUILDKIT_HOST together with the builder ${JSON.stringify(text("builder"))}`,
    );
  }
  return found;
}

/** The profile that is chosen; `ci` is chosen by the machine. */
export function profileOf(
  env: Env,
): { readonly name: string; readonly required: boolean } | undefined {
  const name = env["CARGOGREEN_PROFILE"] ?? env["RUSTCBUILDX_PROFILE"];
  if (name !== undefined) return name === "" ? undefined : { name, required: true };
  return env["CI"] && env["CI"] !== "false" ? { name: "ci", required: false } : undefined;
}

interface FileValue {
  readonly key: string;
  readonly raw: unknown;
  readonly place: string;
}

/** The values of one file, those of its profile first. */
function flatten(layer: SettingsLayer, profile: ReturnType<typeof profileOf>): FileValue[] {
  const { profile: profiles, ...plain } = layer.values;
  const values: FileValue[] = [];
  if (profiles !== undefined) {
    if (!isTable(profiles)) throw new TypeError(`Cannot use ${layer.place}: profile is no table`);
    for (const [name, table] of Object.entries(profiles)) {
      const place = `${layer.place} profile.${name}`;
      if (!isTable(table)) throw new TypeError(`Cannot use ${place}: it is no table`);
      const found = keysOf(table, place);
      if (name === profile?.name) values.unshift(...found);
    }
  }
  return [...values, ...keysOf(plain, layer.place)];
}

function keysOf(table: Readonly<Record<string, unknown>>, place: string): FileValue[] {
  const pairs = Object.entries(table).flatMap(([key, raw]) =>
    key === "add" && isTable(raw)
      ? Object.entries(raw).map(([manager, value]) => [`add.${manager}`, value] as const)
      : [[key, raw] as const]
  );
  const known = SETTINGS.filter(({ envOnly }) => envOnly !== true).map(({ key }) => key);
  return pairs.map(([key, raw]) => {
    if (known.includes(key)) return { key, raw, place };
    const row = SETTINGS.find((candidate) => candidate.key === key);
    throw new TypeError(
      row === undefined
        ? `Cannot use ${place} ${key}: there is no such setting; there are ${known.join(", ")}`
        : `Cannot use ${place} ${key}: only the variable ${row.names[0]} sets it`,
    );
  });
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function settingsOf(rows: readonly ResolvedSetting[], env: Env): ResolvedSettings {
  const found = new Map(rows.map((row) => [row.row.key, row]));
  const text = (key: string) => found.get(key)!.value as string;
  const list = (key: string) => found.get(key)!.value as readonly string[];
  const offline = env["CARGO_NET_OFFLINE"] === "true" || env["CARGO_NET_OFFLINE"] === "1";
  const cacheDir = found.get("cache-dir")!.source === "default"
    ? defaultCacheDir(env)
    : text("cache-dir");
  const settings: Settings = {
    runner: text("runner"),
    baseImage: text("base-image") || undefined,
    packages: list("add.apt"),
    apkPackages: list("add.apk"),
    inlineSteps: text("base-image-inline").trim(),
    setEnvs: list("set-envs"),
    cacheDir: cacheDir === "" ? undefined : cacheDir,
    cacheLimitBytes: found.get("cache-limit")!.value as number,
    cacheFrom: [...list("cache-from"), ...images(list("cache-images"), list("cache-from-images"))],
    cacheTo: [...list("cache-to"), ...images(list("cache-images"), list("cache-to-images"))],
    share: list("share") as readonly SourceKind[],
    logPath: text("log-path") || defaultLogPath(found.get("log")!, cacheDir),
    log: text("log") as LogLevel,
    logStyle: text("log-style") as LogStyle,
    builder: found.get("builder")!.source === "default" ? undefined : text("builder"),
    builderImage: text("builder-image"),
    registryMirrors: list("registry-mirrors"),
    syntax: text("syntax") || undefined,
    nofile: text("ulimit-nofile") || undefined,
    incremental: text("incremental") === "1" || list("experiment").includes("incremental"),
    finalPath: text("final-path") || undefined,
    experiments: list("experiment") as Settings["experiments"],
    fallback: text("fallback") as FallbackMode,
    network: offline ? "none" : text("with-network") as NetworkMode,
    sandboxBuildScripts: text("build-scripts") === "sandbox",
    remap: false,
  };
  const shown = rows.map((row): ResolvedSetting =>
    row.row.key === "cache-dir"
      ? { ...row, value: cacheDir }
      : row.row.key === "with-network" && offline && row.value !== "none"
      ? { ...row, value: "none", source: "CARGO_NET_OFFLINE" }
      : row
  );
  return { rows: shown, settings };
}

function images(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].map((name) => `docker-image://${name}`);
}

/** Whoever says how much is traced wants a trace. */
function defaultLogPath(log: ResolvedSetting, cacheDir: string): string | undefined {
  if (log.source === "default" || log.value === "off") return undefined;
  return cacheDir === "" ? "-" : `${cacheDir}/rustcbuildx.log`;
}

function defaultCacheDir(env: Env): string {
  const base = env["XDG_CACHE_HOME"];
  if (base?.startsWith("/")) return `${base.replace(/\/+$/, "")}/superorch/rustc-wrap`;
  const home = env["HOME"];
  return home ? `${home.replace(/\/+$/, "")}/.cache/superorch/rustc-wrap` : "";
}
