import { useDirectory, useRegistry, writeRegistry } from "./_local_registry.ts";
import { type CargoOptions, Workspace } from "./_workspace.ts";
import type { Ran } from "../support/cli.ts";

const manifest = (name: string, rest = "", version = "0.1.0") =>
  `[package]\nname = "${name}"\nversion = "${version}"\nedition = "2021"\n${rest}`;

/** Crates of the registry: a plain one, one with generated code, a macro. */
const REGISTRY = {
  "plainly-1.0.0": {
    "Cargo.toml": manifest("plainly", "", "1.0.0"),
    "src/lib.rs": `pub const TEXT: &str = "NONCE";
#[track_caller] pub fn caller() -> &'static str { std::panic::Location::caller().file() }
pub fn place() -> &'static str { caller() }
pub fn generic<T: std::fmt::Debug>(value: T) -> String { format!("{value:?}") }
`,
  },
  "scripted-1.0.0": {
    "Cargo.toml": manifest("scripted", "", "1.0.0"),
    "build.rs": `fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/generated.rs"), "pub const GENERATED: u32 = 5;").unwrap();
    println!("cargo::rustc-env=SAID=yes");
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rerun-if-changed=build.rs");
}
`,
    "src/lib.rs": `include!(concat!(env!("OUT_DIR"), "/generated.rs"));
pub const SAID: &str = env!("SAID"); // NONCE
`,
  },
  "macros-1.0.0": {
    "Cargo.toml": manifest("macros", "[lib]\nproc-macro = true\n", "1.0.0"),
    "src/lib.rs": `extern crate proc_macro;
use proc_macro::TokenStream;
/// NONCE
#[proc_macro] pub fn answer(_: TokenStream) -> TokenStream { "42u32".parse().unwrap() }
/// What macros do that embed directories.
#[proc_macro] pub fn here(_: TokenStream) -> TokenStream {
    format!("{:?}", std::env::var("CARGO_MANIFEST_DIR").unwrap()).parse().unwrap()
}
`,
  },
};

/** A workspace with everything that may know of a path. */
const PROJECT: Readonly<Record<string, string>> = {
  "Cargo.toml": `[workspace]\nresolver = "2"\nmembers = ["base", "tool", "app"]\n`,
  "base/Cargo.toml": manifest("base", `[dependencies]\nplainly = "1"\nmacros = "1"\n`),
  "base/src/lib.rs": `//! NONCE
pub fn base() -> u32 { let unused = 1; macros::answer!() }
pub fn source() -> &'static str { file!() }
pub fn readme() -> &'static str { include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README")) }
`,
  "base/README": "read me",
  "tool/Cargo.toml": manifest(
    "tool",
    `[dependencies]\nbase = { path = "../base" }\nouter = { path = "../../outer" }\nplainly = "1"\nscripted = "1"\n`,
  ),
  "tool/build.rs": `fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/t.rs"), "pub const T: u32 = 9; // NONCE").unwrap();
}
`,
  "tool/src/main.rs": `mod t { include!(concat!(env!("OUT_DIR"), "/t.rs")); }
fn main() {
    println!("{} {} {} {} {} {} {} {}", base::base(), base::source(), base::readme(),
        outer::outer(), plainly::place(), plainly::generic(t::T), scripted::GENERATED,
        scripted::SAID);
}
`,
  "../outer/Cargo.toml": manifest("outer", `[dependencies]\ninner = { path = "../inner" }\n`),
  "../outer/src/lib.rs": `pub fn outer() -> u32 { let unused = 1; inner::inner::<u8>() }\n`,
  "../inner/Cargo.toml": manifest("inner"),
  "../inner/src/lib.rs":
    `pub fn inner<T>() -> u32 { 3 + std::mem::size_of::<T>() as u32 } // NONCE\n`,
  "app/Cargo.toml": manifest("app", `[dependencies]\nbase = { path = "../base" }\nmacros = "1"\n`),
  "app/src/main.rs": `fn main() { println!("{} {}", env!("CARGO_MANIFEST_DIR"), base::base()); }\n`,
  "app/src/bin/embeds.rs": `fn main() { println!("{}", macros::here!()); }\n`,
  "app/tests/it.rs": `#[test] fn runs() {
    assert!(std::process::Command::new(env!("CARGO_BIN_EXE_app")).status().unwrap().success());
}
`,
};

/** A checkout of the project, with a home of cargo and a target directory of its own. */
export interface Place {
  /** The checkout. */
  readonly directory: string;
  /** Where cargo puts what it makes. */
  readonly target: string;
  /** Variables for cargo. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs cargo there, and fails when cargo does. */
  build(args: readonly string[], options?: CargoOptions): Promise<Ran>;
}

/** Two checkouts of one project that differ in all paths, and share a store. */
export class TwoPlaces implements AsyncDisposable {
  /** Where both are, with wrapper, store and trace. */
  readonly workspace: Workspace;
  /** `project` with `project/target`. */
  readonly first: Place;
  /** `some/where/else`, with a target directory beside it. */
  readonly second: Place;

  private constructor(workspace: Workspace, env: Readonly<Record<string, string>>) {
    this.workspace = workspace;
    const { root } = workspace;
    this.first = place(workspace, `${root}/ws/project`, undefined, {
      ...env,
      ...home(root, "one"),
    });
    this.second = place(
      workspace,
      `${root}/some/where/else`,
      `${root}/built/elsewhere`,
      { ...env, ...home(root, "another") },
    );
  }

  /** Writes both; `changes` are files of the project. */
  static async create(options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly changes?: Readonly<Record<string, string>>;
    /** Which place has the crates of the registry as a vendored directory. Default: none. */
    readonly vendored?: readonly ("first" | "second")[];
  } = {}): Promise<TwoPlaces> {
    const { env = {}, changes = {}, vendored = [] } = options;
    const nonce = String(crypto.getRandomValues(new Uint32Array(1))[0]);
    const fill = <T extends Readonly<Record<string, string>>>(files: T) =>
      Object.fromEntries(
        Object.entries(files).map(([path, text]) => [path, text.replaceAll("NONCE", nonce)]),
      );
    const workspace = await Workspace.create({});
    const places = new TwoPlaces(workspace, { CARGOGREEN_REMAP: "1", ...env });
    const registry = `${workspace.root}/registry`;
    const crates = Object.entries(REGISTRY).map(([id, files]) => [id, fill(files)] as const);
    await writeRegistry(registry, Object.fromEntries(crates));
    const project = fill({ ...PROJECT, ...changes });
    for (const name of ["first", "second"] as const) {
      const { directory } = places[name];
      const files: Record<string, string> = { ...project };
      if (vendored.includes(name)) {
        files[".cargo/config.toml"] = useDirectory("third-party");
        for (const [id, contents] of crates) {
          files[`third-party/${id}/.cargo-checksum.json`] = `{"files":{},"package":null}`;
          for (const [path, text] of Object.entries(contents)) {
            files[`third-party/${id}/${path}`] = text;
          }
        }
      } else files[".cargo/config.toml"] = useRegistry(registry);
      for (const [path, text] of Object.entries(files)) {
        const file = `${directory}/${path}`;
        await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
        await Deno.writeTextFile(file, text);
      }
    }
    return places;
  }

  /** Removes all of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.workspace[Symbol.asyncDispose]();
  }
}

function place(
  workspace: Workspace,
  directory: string,
  target: string | undefined,
  env: Readonly<Record<string, string>>,
): Place {
  const all = { ...env, ...target === undefined ? {} : { CARGO_TARGET_DIR: target } };
  return {
    directory,
    target: target ?? `${directory}/target`,
    env: all,
    build: (args, options = {}) =>
      workspace.build(args, { cwd: directory, ...options, env: { ...all, ...options.env } }),
  };
}

/** Another user: rustup's own files stay where they are. */
function home(root: string, user: string): Readonly<Record<string, string>> {
  const rustup = Deno.env.get("RUSTUP_HOME") ?? `${Deno.env.get("HOME")}/.rustup`;
  return {
    HOME: `${root}/home/${user}`,
    CARGO_HOME: `${root}/home/${user}/cargo`,
    RUSTUP_HOME: rustup,
  };
}
