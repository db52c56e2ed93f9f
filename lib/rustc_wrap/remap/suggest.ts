import { joinPath, parentOf } from "../_paths.ts";
import type { Env } from "../model.ts";
import type { ResolvedSettings } from "../settings/resolve.ts";

/** Something that keeps results from being shared, and what would change it. */
export interface Suggestion {
  /** What is so now, and what follows from it. */
  readonly found: string;
  /** What to write where; nothing is changed by itself. */
  readonly change: string;
}

/** What is looked at. */
export interface SuggestOptions {
  /** The settings of the build. */
  readonly settings: ResolvedSettings["settings"];
  /** Variables. */
  readonly env: Env;
  /** Where cargo would be started. */
  readonly cwd: string;
}

/**
 * Looks for what keeps a project's results from being good for others: settings of ours, and those
 * of cargo that go into every compiled file. What cargo compiles is the user's own choice, so
 * nothing is changed.
 *
 * @param options Settings, variables and directory.
 * @returns One for each, our own settings first.
 * @throws {TypeError} when a `Cargo.toml` is no TOML.
 */
export async function suggestions(options: SuggestOptions): Promise<readonly Suggestion[]> {
  const { root, manifest } = await workspaceOf(options.cwd);
  return [
    ...ofSettings(options.settings),
    ...ofFlags(options.env, root),
    ...manifest === undefined ? [] : ofManifest(manifest, root),
  ];
}

function ofSettings({ remap, baseImage, cacheFrom, network }: SuggestOptions["settings"]) {
  const found: Suggestion[] = [];
  if (!remap) {
    found.push({
      found: "Results are found again only where all paths are the same.",
      change: "CARGOGREEN_PROFILE=global, or CARGOGREEN_REMAP=1",
    });
  }
  if (baseImage === undefined) {
    found.push({
      found: "The image is made of this machine: who has other versions of its packages, or the " +
        "toolchain in another directory, has other results.",
      change: "CARGOGREEN_BASE_IMAGE=docker-image://NAME@sha256:…",
    });
  } else if (!baseImage.includes("@sha256:")) {
    found.push({
      found: `The image ${baseImage} can be another one tomorrow, and elsewhere.`,
      change: `CARGOGREEN_BASE_IMAGE=docker-image://${baseImage}@sha256:…`,
    });
  }
  if (cacheFrom.length === 0) {
    found.push({
      found: "There is no shared place to take results from.",
      change:
        "CARGOGREEN_CACHE_FROM_IMAGES=docker-image://HOST/NAME; CACHE_IMAGES to send some too",
    });
  }
  if (network !== "none") {
    found.push({
      found: `Compilers see the network (${network}), which is part of every key.`,
      change: "CARGOGREEN_WITH_NETWORK=none",
    });
  }
  return found;
}

function ofFlags(env: Env, root: string): Suggestion[] {
  const places: [string, string][] = [["RUSTFLAGS", env["RUSTFLAGS"] ?? ""]];
  const encoded = env["CARGO_ENCODED_RUSTFLAGS"];
  if (encoded !== undefined) {
    places.push(["CARGO_ENCODED_RUSTFLAGS", encoded.replaceAll("\x1f", " ")]);
  }
  for (const name of ["config.toml", "config"]) {
    const text = read(`${root}/.cargo/${name}`);
    if (text === undefined) continue;
    const flags = [...text.matchAll(/^\s*rustflags\s*=\s*(\[[^\]]*\]|".*"|'.*')/gm)];
    places.push([`${root}/.cargo/${name}`, flags.map(([, value]) => value).join(" ")]);
  }
  return places.filter(([, flags]) => flags.trim() !== "").map(([place, flags]) => ({
    found: /target-cpu\s*=\s*native/.test(flags)
      ? `${place} compiles for this very processor: such results are never sent to others.`
      : `${place} has words for every call of rustc: only who has the same ones finds the results.`,
    change: /target-cpu\s*=\s*native/.test(flags)
      ? "a processor by name, as target-cpu=x86-64-v3"
      : "the same in all places, or none: in the project's own .cargo/config.toml",
  }));
}

/** What cargo's profiles have that changes compiled files. */
const CODEGEN = [
  "opt-level",
  "debug",
  "split-debuginfo",
  "debug-assertions",
  "overflow-checks",
  "lto",
  "panic",
  "codegen-units",
  "rustflags",
  "build-override",
  "package",
];

function ofManifest(manifest: Readonly<Record<string, unknown>>, root: string): Suggestion[] {
  const found: Suggestion[] = [];
  for (const [name, profile] of Object.entries(asTable(manifest["profile"]))) {
    const keys = Object.keys(asTable(profile)).filter((key) => CODEGEN.includes(key));
    if (keys.length === 0) continue;
    found.push({
      found:
        `[profile.${name}] sets ${keys.join(", ")}, also for all dependencies: only projects ` +
        "with the same values find the same results.",
      change: `the same values in all projects, or the defaults for dependencies: ` +
        `[profile.${name}.package."*"]`,
    });
  }
  if (read(`${root}/Cargo.lock`) === undefined) {
    found.push({
      found: `There is no ${root}/Cargo.lock: others may get other versions of dependencies.`,
      change: "cargo generate-lockfile, and keep it in version control",
    });
  }
  if (!["rust-toolchain.toml", "rust-toolchain"].some((name) => read(`${root}/${name}`))) {
    found.push({
      found: "No version of the compiler is fixed: each one has results of its own.",
      change: `${root}/rust-toolchain.toml: [toolchain] channel = "VERSION"`,
    });
  }
  return found;
}

/** The manifest that cargo reads profiles of: the topmost one with a workspace, else the nearest. */
async function workspaceOf(cwd: string): Promise<{
  readonly root: string;
  readonly manifest: Readonly<Record<string, unknown>> | undefined;
}> {
  let nearest: { root: string; manifest: Readonly<Record<string, unknown>> } | undefined;
  for (let root = joinPath(cwd, ".");; root = parentOf(root)) {
    const text = read(joinPath(root, "Cargo.toml"));
    if (text !== undefined) {
      const found = { root, manifest: await parseToml(joinPath(root, "Cargo.toml"), text) };
      if (Object.hasOwn(found.manifest, "workspace")) return found;
      nearest ??= found;
    }
    if (root === "/") return nearest ?? { root: cwd, manifest: undefined };
  }
}

async function parseToml(path: string, text: string): Promise<Readonly<Record<string, unknown>>> {
  const { parse } = await import("../../deps/smol_toml.ts");
  try {
    return parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new TypeError(`Cannot read ${path}: ${reason}`, { cause });
  }
}

function asTable(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Readonly<Record<string, unknown>>
    : {};
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
