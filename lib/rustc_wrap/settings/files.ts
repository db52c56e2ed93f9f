import { joinPath, parentOf } from "../_paths.ts";
import type { Env } from "../model.ts";
import type { SettingsLayer } from "./resolve.ts";

/** Where a build is: what its settings may be written in follows from it. */
export interface BuildPlace {
  /** Variables. */
  readonly env: Env;
  /** Where cargo was started. */
  readonly cwd: string;
  /** The words for cargo. */
  readonly words: readonly string[];
}

/** In `Cargo.toml`; the user's and the team's file have the settings at the top. */
const TABLE = "metadata.green";

/**
 * Reads the files that settings are written in: the crate's and the workspace's `Cargo.toml`, the
 * team's file and the user's own. The parser is loaded only when one of them has any.
 *
 * @param place Where cargo was started.
 * @returns What they set, the most important one first.
 * @throws {TypeError} when a file is no TOML, or the team's file cannot be read.
 */
export async function settingsFiles(place: BuildPlace): Promise<readonly SettingsLayer[]> {
  const layers: SettingsLayer[] = [];
  for (const { path, table, text } of textsOf(place)) {
    const document = await parseToml(path, text);
    const values = table === undefined ? document : at(document, [table, "metadata", "green"]);
    if (values === undefined) continue;
    const name = table === undefined ? path : `${path} [${table}.${TABLE}]`;
    if (typeof values !== "object" || values === null || Array.isArray(values)) {
      throw new TypeError(`Cannot use ${name}: it is no table`);
    }
    layers.push({ place: name, values: values as Record<string, unknown> });
  }
  return layers;
}

/** Where cargo that runs as another process was started, and with which words. */
export function placeOfProcess(pid: number, env: Env, cwd: string): BuildPlace {
  const known = env["CARGOGREEN_PROJECT_DIR_"];
  try {
    return {
      env,
      cwd: known ?? Deno.readLinkSync(`/proc/${pid}/cwd`),
      words: Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0").slice(1, -1),
    };
  } catch {
    // Not Linux. Cargo compiles a dependency in that one's directory, whose settings never count.
    const home = env["CARGO_HOME"] ?? joinPath(env["HOME"] ?? "/", ".cargo");
    return { env, cwd: known ?? (cwd.startsWith(`${home}/`) ? "/" : cwd), words: [] };
  }
}

/** The user's own file. */
export function userFile(env: Env): string | undefined {
  const base = env["XDG_CONFIG_HOME"];
  if (base?.startsWith("/")) return joinPath(base, "superorch/rustc-wrap.toml");
  return env["HOME"] ? joinPath(env["HOME"], ".config/superorch/rustc-wrap.toml") : undefined;
}

interface FileText {
  readonly path: string;
  readonly table?: "package" | "workspace";
  readonly text: string;
}

function* textsOf({ env, cwd, words }: BuildPlace): Generator<FileText> {
  // What is installed is somebody else's, and does not decide about this machine.
  if (!words.includes("install")) {
    const texts = manifests(manifestPath(words, cwd) ?? joinPath(cwd, "Cargo.toml"));
    const [own] = texts;
    const workspace = texts.find(({ text }) => /^\s*\[workspace(?:\.|\])/m.test(text));
    if (own !== undefined && hasTable(own.text)) yield { ...own, table: "package" };
    if (workspace !== undefined && hasTable(workspace.text)) {
      yield { ...workspace, table: "workspace" };
    }
  }
  const team = env["CARGOGREEN_TEAM_FILE"] ?? env["RUSTCBUILDX_TEAM_FILE"];
  if (team) {
    const path = joinPath(cwd, team);
    const text = read(path);
    if (text === undefined) throw new TypeError(`Cannot read the team's settings in ${path}`);
    yield { path, text };
  }
  const user = userFile(env);
  const text = user === undefined ? undefined : read(user);
  if (user !== undefined && text !== undefined) yield { path: user, text };
}

/** That of the package first, then those above. */
function manifests(first: string): { readonly path: string; readonly text: string }[] {
  const found: { path: string; text: string }[] = [];
  for (let directory = parentOf(first);; directory = parentOf(directory)) {
    const path = joinPath(directory, "Cargo.toml");
    const text = read(path);
    if (text !== undefined) found.push({ path, text });
    if (directory === "/" || directory === parentOf(directory)) return found;
  }
}

function manifestPath(words: readonly string[], cwd: string): string | undefined {
  for (const [index, word] of words.entries()) {
    if (word === "--") return undefined;
    if (word === "--manifest-path") return joinPath(cwd, words[index + 1] ?? "Cargo.toml");
    if (word.startsWith("--manifest-path=")) return joinPath(cwd, word.slice(16));
  }
  return undefined;
}

function hasTable(text: string): boolean {
  return /\bgreen\b/.test(text) && text.includes("metadata");
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined; // most are not there
  }
}

async function parseToml(path: string, text: string): Promise<unknown> {
  const { parse } = await import("../../deps/smol_toml.ts");
  try {
    return parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new TypeError(`Cannot read the settings in ${path}: ${reason}`, { cause });
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}
