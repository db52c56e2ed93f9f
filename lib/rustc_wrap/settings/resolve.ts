import type {
  Env,
  FallbackMode,
  LogLevel,
  LogStyle,
  NetworkMode,
  Settings,
  SourceKind,
} from "../model.ts";
import { targetKey } from "../target/target_key.ts";
import { parseValue, type SettingValue } from "./parse_value.ts";
import { GLOBAL_PROFILE, GLOBAL_VALUES, globalImageMistake } from "./global_profile.ts";
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
  const rows = withTargets(env, files).map((row): ResolvedSetting => {
    const name = row.names.find((candidate) => env[candidate] !== undefined);
    const file = valueIn(files, row.key, profileOf(env));
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
  const found = profileOf(env)?.name === GLOBAL_PROFILE ? imageMistakes(rows) : [];
  if (runner !== "docker" && runner !== "buildx") return found;
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

function imageMistakes(rows: readonly ResolvedSetting[]): string[] {
  return rows.flatMap(({ row, value, source }) => {
    if (row.kind !== "image" || !row.key.endsWith("base-image")) return [];
    const reason = globalImageMistake(String(value));
    return reason === undefined
      ? []
      : [`Cannot use ${source} ${row.key}=${JSON.stringify(value)}: ${reason}`];
  });
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
  /** Whether it is in the table of the profile that is chosen. */
  readonly chosen?: boolean;
}

/** What the files say; the profile that needs no file counts over what is not said for it. */
function valueIn(
  files: readonly FileValue[],
  key: string,
  profile: ReturnType<typeof profileOf>,
): FileValue | undefined {
  if (profile?.name !== GLOBAL_PROFILE || !Object.hasOwn(GLOBAL_VALUES, key)) {
    return files.find((value) => value.key === key);
  }
  return files.find((value) => value.key === key && value.chosen === true) ??
    { key, raw: GLOBAL_VALUES[key], place: `profile ${GLOBAL_PROFILE}` };
}

/** A row that is for each target becomes one for each that is set. */
function withTargets(env: Env, files: readonly FileValue[]): readonly SettingRow[] {
  return SETTINGS.flatMap((row) => {
    if (row.perTarget !== true) return [row];
    const triples = new Map<string, string>();
    const [before = "", after = ""] = row.key.split("TRIPLE");
    for (const { key } of files) {
      if (!key.startsWith(before) || !key.endsWith(after)) continue;
      const triple = key.slice(before.length, key.length - after.length);
      triples.set(targetKey(triple), triple);
    }
    for (const name of Object.keys(env)) {
      for (const pattern of row.names) {
        const [start = "", end = ""] = pattern.split("TRIPLE");
        if (!name.startsWith(start) || !name.endsWith(end)) continue;
        const key = name.slice(start.length, name.length - end.length);
        if (/^[A-Z0-9_]+$/.test(key) && !triples.has(key)) triples.set(key, key);
      }
    }
    return [...triples].sort().map(([key, triple]) => ({
      ...row,
      key: row.key.replace("TRIPLE", triple),
      names: row.names.map((name) => name.replace("TRIPLE", key)),
    }));
  });
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
      if (name === profile?.name) {
        values.unshift(...found.map((value) => ({ ...value, chosen: true })));
      }
    }
  }
  return [...values, ...keysOf(plain, layer.place)];
}

function keysOf(table: Readonly<Record<string, unknown>>, place: string): FileValue[] {
  const pairs = Object.entries(table).flatMap(([key, raw]) =>
    key === "add" && isTable(raw)
      ? Object.entries(raw).map(([manager, value]) => [`add.${manager}`, value] as const)
      : key === "target" && isTable(raw)
      ? Object.entries(raw).flatMap(([triple, values]) => targetPairs(triple, values, place))
      : [[key, raw] as const]
  );
  const known = SETTINGS.filter(({ envOnly }) => envOnly !== true).map(({ key }) => key);
  return pairs.map(([key, raw]) => {
    if (known.includes(key.replace(/^target\.[\w.-]+\.(?=[^.]+$)/, "target.TRIPLE."))) {
      return { key, raw, place };
    }
    const row = SETTINGS.find((candidate) => candidate.key === key);
    throw new TypeError(
      row === undefined
        ? `Cannot use ${place} ${key}: there is no such setting; there are ${known.join(", ")}`
        : `Cannot use ${place} ${key}: only the variable ${row.names[0]} sets it`,
    );
  });
}

function targetPairs(
  triple: string,
  values: unknown,
  place: string,
): readonly (readonly [string, unknown])[] {
  if (!isTable(values)) throw new TypeError(`Cannot use ${place} target.${triple}: it is no table`);
  return Object.entries(values).map(([key, value]) => [`target.${triple}.${key}`, value] as const);
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
    components: list("components"),
    targetImages: Object.fromEntries(
      rows.flatMap(({ row, value }) => {
        const triple = /^target\.(.*)\.base-image$/.exec(row.key)?.[1];
        return triple === undefined || value === "" ? [] : [[targetKey(triple), value as string]];
      }),
    ),
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
    remap: text("remap") === "1",
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
