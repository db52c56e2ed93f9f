import { parentOf } from "./_paths.ts";
import type { Env } from "./model.ts";

/**
 * Variables of cargo that are about cargo itself, or that hold what nobody else is to see: they
 * neither reach the container nor count for keys.
 */
const CARGOS_OWN =
  /^CARGO_(?:ALIAS|BUILD|CACHE|FUTURE_INCOMPAT_REPORT|HTTP|INSTALL|LOG|NET|PROFILE|REGISTRIES|REGISTRY|RESOLVER|TERM|UNSTABLE)_|^CARGO_(?:HOME|INCREMENTAL|LOG|MAKEFLAGS|TARGET_DIR|TARGET_APPLIES_TO_HOST)$|^CARGO_TARGET_\w+_(?:AR|LINKER|RUNNER|RUSTFLAGS|RUSTDOCFLAGS)$|^CARGO_SUPERORCH|^CARGOGREEN/;

/** Beside cargo's own, what rustc itself looks at. */
const COMPILE = ["OUT_DIR", "RUSTC_BOOTSTRAP"];

/** What cargo sets for build scripts beside `CARGO_*` (and `DEP_*`). */
const SCRIPT = [
  "OUT_DIR",
  "TARGET",
  "HOST",
  "OPT_LEVEL",
  "PROFILE",
  "DEBUG",
  "RUSTC",
  "RUSTDOC",
  "RUSTC_BOOTSTRAP",
  "RUSTC_LINKER",
];

/**
 * Chooses the variables that a program finds in the container.
 *
 * @param env Those of this call.
 * @param kind For rustc, or for a build script.
 * @param further Names of the settings, of the build script's `rustc-env`, and those that the code
 * was seen to ask for.
 * @returns Sorted by name.
 */
export function containerEnv(
  env: Env,
  kind: "compile" | "build-script",
  further: Iterable<string>,
): Env {
  const wanted = new Set(kind === "compile" ? COMPILE : SCRIPT);
  for (const name of further) if (!NEVER.has(name) && !isSecret(name)) wanted.add(name);
  const chosen = Object.keys(env).filter((name) =>
    wanted.has(name) ||
    (name.startsWith("CARGO") && !CARGOS_OWN.test(name) && /^CARGO(?:_|$)/.test(name)) ||
    (kind === "build-script" && name.startsWith("DEP_"))
  );
  const values = chosen.map((name) => [name, env[name]!] as const);
  if (kind === "build-script" && isUnicode(env)) values.push(["LC_ALL", "C.UTF-8"]);
  return Object.fromEntries(values.sort(([a], [b]) => a < b ? -1 : 1));
}

/** C compilers quote names in another way then; of all such locales, every image has but one. */
function isUnicode(env: Env): boolean {
  return /\.utf-?8\b/i.test(env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "");
}

/** The container has its own of these; what they are here means nothing there. */
export const NEVER: ReadonlySet<string> = new Set([
  "HOME",
  "LD_LIBRARY_PATH",
  "PATH",
  "PWD",
  "RUSTC_WRAPPER",
  "RUSTC_WORKSPACE_WRAPPER",
  "RUSTUP_HOME",
  "RUSTUP_TOOLCHAIN",
  "TERM",
  "TMPDIR",
  "CARGO_MAKEFLAGS",
  "NUM_JOBS",
]);

/**
 * Whether a variable is a password of cargo's for a registry. No code gets it, however it asks: what
 * it was compiled with is kept, and may be sent to shared places.
 *
 * @see https://doc.rust-lang.org/cargo/reference/environment-variables.html
 */
export function isSecret(name: string): boolean {
  return /^CARGO_REGISTR(?:Y|IES_.+)_(?:TOKEN|SECRET_KEY)$/.test(name);
}

/**
 * Names of the variables that the build script of a package has set for its crates: they reach
 * rustc as they are, and nothing about them tells that they are meant for it.
 *
 * @param outDir The package's `OUT_DIR`; `undefined` when it has no build script.
 * @returns The names; none when the script's output is not there.
 */
export function rustcEnvNames(outDir: string | undefined): string[] {
  if (outDir === undefined) return [];
  let text: string;
  try {
    text = Deno.readTextFileSync(`${parentOf(outDir)}/output`);
  } catch {
    return []; // a script that was replaced by settings of cargo leaves none
  }
  return [...text.matchAll(/^cargo::?rustc-env=([^=\r\n]+)=/gm)].map((match) => match[1]!);
}
