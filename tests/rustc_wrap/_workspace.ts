import { connectEngine } from "../../lib/engine/mod.ts";
import { type Ran, runProgram, superorch } from "../support/cli.ts";

/** Cargo of this machine, or why the tests that need it are skipped. */
export const CARGO: { readonly rustc: string } | { readonly skip: string } = await findCargo();

async function findCargo(): Promise<{ readonly rustc: string } | { readonly skip: string }> {
  try {
    await runProgram("cargo", ["--version"]);
    const { stdout } = await runProgram("rustc", ["--print", "sysroot"]);
    return { rustc: `${stdout.trim()}/bin/rustc` };
  } catch (error) {
    const skip = `no cargo here: ${error instanceof Error ? error.message : error}`;
    console.log(skip);
    return { skip };
  }
}

/** Whether tests with cargo are left out. */
export const NO_CARGO = "skip" in CARGO;

/** How cargo is run. */
export interface CargoOptions {
  /** Further variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the wrapper is used. Default `true`. */
  readonly wrapped?: boolean;
  /** Default: the workspace. */
  readonly cwd?: string;
  /** A program with words of its own that starts cargo. Default: none. */
  readonly starter?: readonly string[];
  /** Default 150 s. */
  readonly timeoutMs?: number;
}

/** A directory with a workspace, a wrapper and a store of its own. */
export class Workspace implements AsyncDisposable {
  /** Everything is in here. */
  readonly root: string;
  /** Where cargo runs. */
  readonly directory: string;
  /** The wrapper, as `install-links` has written it. */
  readonly wrapper: string;
  readonly #engineHost: string;

  private constructor(root: string, engineHost: string) {
    this.root = root;
    this.directory = `${root}/ws`;
    this.wrapper = `${root}/bin/rustcbuildx`;
    this.#engineHost = engineHost;
  }

  /** Makes it. `NONCE` in a text becomes a number that no other run has. */
  static async create(files: Readonly<Record<string, string>>): Promise<Workspace> {
    const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "rustc-wrap-" }));
    await using engine = await connectEngine();
    const workspace = new Workspace(root, engine.host);
    const linked = await superorch(["install-links", `${root}/bin`, "rustcbuildx"]);
    if (linked.code !== 0) throw new Error(linked.stderr);
    await workspace.write(files);
    return workspace;
  }

  /** Writes files, by path in the workspace. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    const nonce = String(crypto.getRandomValues(new Uint32Array(1))[0]);
    for (const [path, text] of Object.entries(files)) {
      const place = `${this.directory}/${path}`;
      await Deno.mkdir(place.slice(0, place.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(place, text.replaceAll("NONCE", nonce));
    }
  }

  /** What cargo and wrapper find in their environment. */
  env(options: CargoOptions = {}): Record<string, string> {
    return {
      // A compiler of its own for each run of the tests would be asked each time.
      CARGO_INCREMENTAL: "0",
      CARGO_NET_OFFLINE: "true",
      CARGO_TERM_COLOR: "never",
      DOCKER_HOST: this.#engineHost,
      RUSTCBUILDX_CACHE_DIR: `${this.root}/cache`,
      RUSTCBUILDX_FALLBACK: "never",
      RUSTCBUILDX_LOG_PATH: this.tracePath,
      ...(options.wrapped === false ? {} : { RUSTC_WRAPPER: this.wrapper }),
      ...options.env,
    };
  }

  /** Runs cargo. */
  cargo(args: readonly string[], options: CargoOptions = {}): Promise<Ran> {
    const [program = "", ...words] = [...options.starter ?? [], "cargo", ...args];
    return runProgram(program, words, {
      cwd: options.cwd ?? this.directory,
      env: this.env(options),
      timeoutMs: options.timeoutMs ?? 150_000,
    });
  }

  /** Runs cargo, and fails when cargo does. */
  async build(args: readonly string[], options: CargoOptions = {}): Promise<Ran> {
    const ran = await this.cargo(args, options);
    if (ran.code !== 0) {
      throw new Error(`cargo ${args.join(" ")}: ${ran.code}\n${ran.stderr}\n${await this.trace()}`);
    }
    return ran;
  }

  /** Where the wrapper writes its trace. */
  get tracePath(): string {
    return `${this.root}/trace`;
  }

  /** The trace since the last {@linkcode Workspace.forget}. */
  async trace(): Promise<string> {
    return await Deno.readTextFile(this.tracePath).catch(() => "");
  }

  /** Starts a new trace. */
  async forget(): Promise<void> {
    await Deno.remove(this.tracePath).catch(() => {});
  }

  /** Units by what happened to them, in the trace. */
  async units(): Promise<{ readonly hits: string[]; readonly ran: string[]; cached: string[] }> {
    const lines = (await this.trace()).split("\n");
    const found = (pattern: RegExp) =>
      lines.flatMap((line) => {
        const id = pattern.exec(line)?.[1];
        return id === undefined ? [] : [id.replace(/-[0-9a-f]{16}$/, "")];
      }).sort();
    return {
      hits: found(/ (\S+): hit /),
      ran: found(/ (\S+): ran,/),
      cached: found(/ (\S+): cached by the builder,/),
    };
  }

  /** SHA-256 of everything that is compiled, but for build scripts, by path in `target/debug`. */
  async artifacts(
    profile = "debug",
    target = `${this.directory}/target`,
  ): Promise<Record<string, string>> {
    const sums: Record<string, string> = {};
    const walk = async (path: string): Promise<void> => {
      const base = `${target}/${profile}`;
      for (const { name, isDirectory } of Deno.readDirSync(`${base}${path}`)) {
        const child = `${path}/${name}`;
        if (/^\/(?:build|incremental|\..*)$/.test(child)) continue;
        if (isDirectory) await walk(child);
        else {
          const bytes = await Deno.readFile(`${base}${child}`);
          const digest = await crypto.subtle.digest("SHA-256", bytes);
          sums[child] = new Uint8Array(digest).toHex();
        }
      }
    };
    await walk("");
    return Object.fromEntries(Object.entries(sums).sort());
  }

  /** Removes what cargo has made. */
  async clean(): Promise<void> {
    await Deno.remove(`${this.directory}/target`, { recursive: true }).catch(() => {});
  }

  /** Removes all of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

/** A library, a macro, a program with build script, a C library in Rust, tests and an example. */
export const FIXTURE: Readonly<Record<string, string>> = {
  "Cargo.toml": `[workspace]\nresolver = "2"\nmembers = ["app", "base", "macros", "capi"]\n`,
  "base/Cargo.toml": `[package]
name = "base"
version = "0.1.0"
edition = "2021"
description = "it's \\"quoted\\", $HOME \`id\` \\\\ and\\nmore"
`,
  "base/src/lib.rs": `//! Adds.
pub const TEXT: &str = "NONCE";
pub const DESCRIPTION: &str = env!("CARGO_PKG_DESCRIPTION");
pub fn add(a: u32, b: u32) -> u32 { a + b }
#[cfg(test)] mod tests { #[test] fn adds() { assert_eq!(super::add(1, 2), 3); } }
`,
  "macros/Cargo.toml":
    `[package]\nname = "macros"\nversion = "0.1.0"\nedition = "2021"\n[lib]\nproc-macro = true\n`,
  "macros/src/lib.rs": `extern crate proc_macro;
use proc_macro::TokenStream;
#[proc_macro] pub fn answer(_: TokenStream) -> TokenStream { "42u32".parse().unwrap() }
`,
  "capi/Cargo.toml":
    `[package]\nname = "capi"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib", "staticlib", "rlib"]\n`,
  "capi/src/lib.rs": `#[no_mangle] pub extern "C" fn capi() -> u32 { 7 }\n`,
  "app/Cargo.toml": `[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
base = { path = "../base" }
macros = { path = "../macros" }
`,
  "app/build.rs": `fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/generated.rs"), "pub const GENERATED: u32 = 5;").unwrap();
    println!("cargo::rustc-env=A=1");
    println!("cargo:rustc-env=B=2");
    println!("cargo::rustc-cfg=special");
    println!("cargo::rustc-check-cfg=cfg(special)");
    println!("cargo::rerun-if-changed=build.rs");
}
`,
  "app/src/main.rs": `mod g { include!(concat!(env!("OUT_DIR"), "/generated.rs")); }
fn main() {
    println!("{} {} {} {} {} {} {}", base::add(1, 2), macros::answer!(), g::GENERATED, env!("A"),
        env!("B"), cfg!(special), include_str!("../data.txt").trim());
    println!("{:?}", base::DESCRIPTION);
}
`,
  "app/data.txt": "hello\n",
  "app/tests/it.rs": `#[test] fn runs() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_app")).output().unwrap();
    assert!(output.status.success());
}
`,
  "app/examples/ex.rs": `fn main() { println!("{}", base::add(1, 1)); }\n`,
};
