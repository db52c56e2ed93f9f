/**
 * The wrapper's store beside Debian's sccache with a local cache, both warm, interleaved in one run:
 * whole builds after the target directory was removed, of 31 tiny crates, of 3 that take the
 * compiler a second or two each, and of real ones with macros and build scripts.
 *
 * Run: deno run -A tests/bench/rustc_wrap_sccache.ts [ROUNDS]
 */
import { debianFiles } from "../support/debian_packages.ts";
import { freePort } from "../support/ssh_server.ts";
import { median } from "./_median.ts";

const rounds = Number(Deno.args[0] ?? 5);
const packages = ["serde", "serde-derive", "serde-json", "regex", "syn", "anyhow"]
  .map((name) => `librust-${name}-dev`);
const [server, crates] = [
  await debianFiles({ packages: ["sccache"] }),
  await debianFiles({ packages }),
];
if (server.root === undefined || crates.root === undefined) {
  console.log(`left out: ${server.skip ?? crates.skip}`);
  Deno.exit(0);
}
const sccache = `${server.root}/usr/bin/sccache`;
const root = await Deno.realPath(await Deno.makeTempDir());
const wrapper = `${root}/bin/rustcbuildx`;
const env = {
  CARGO_INCREMENTAL: "0",
  CARGO_NET_OFFLINE: "true",
  RUSTCBUILDX_CACHE_DIR: `${root}/cache`,
  RUSTCBUILDX_FALLBACK: "never",
  SCCACHE_DIR: `${root}/sccache`,
  SCCACHE_SERVER_PORT: String(freePort()),
  SCCACHE_IDLE_TIMEOUT: "600",
};

try {
  await output(Deno.execPath(), ["run", "-A", "cli/main.ts", "install-links", `${root}/bin`], {
    cwd: decodeURIComponent(new URL("../..", import.meta.url).pathname),
  });
  console.log((await output(sccache, ["--version"])).trim());
  await output(sccache, ["--start-server"]);
  await builds("31 tiny crates", 31, (index) => `pub fn f() -> u32 { ${index} }\n`);
  await builds("3 crates that take a second or two each", 3, heavy);
  await real();
} finally {
  await output(sccache, ["--stop-server"]).catch(() => {}); // it never came up
  await Deno.remove(root, { recursive: true });
}

async function builds(
  title: string,
  count: number,
  body: (index: number) => string,
): Promise<void> {
  const cwd = `${root}/ws${count}`;
  const name = (index: number) => `crate${String(index).padStart(2, "0")}`;
  for (let index = 0; index < count; index++) {
    await write(
      `${cwd}/${name(index)}/Cargo.toml`,
      `[package]\nname = "${name(index)}"\nversion = "0.1.0"\nedition = "2021"\n`,
    );
    await write(`${cwd}/${name(index)}/src/lib.rs`, body(index));
  }
  await write(`${cwd}/Cargo.toml`, `[workspace]\nresolver = "2"\nmembers = ["crate*"]\n`);
  await compare(title, cwd);
}

async function real(): Promise<void> {
  const cwd = `${root}/real`;
  await write(
    `${cwd}/.cargo/config.toml`,
    `[source.crates-io]\nreplace-with = "d"\n[source.d]\ndirectory = "${crates.root}/usr/share/cargo/registry"\n`,
  );
  await write(
    `${cwd}/Cargo.toml`,
    `[package]
name = "app"
version = "0.1.0"
edition = "2021"
[workspace]
[dependencies]
serde = { version = "1", features = ["derive"] }
serde_json = "1"
regex = { version = "1", default-features = false, features = ["std"] }
anyhow = "1"
`,
  );
  await write(`${cwd}/src/main.rs`, "fn main() {}\n");
  await compare("serde with its macros, serde_json, regex, anyhow", cwd);
}

/** Removing the target directory is part of what is measured: it is the same for all. */
async function compare(title: string, cwd: string): Promise<void> {
  const build = async (program: string) => {
    await Deno.remove(`${cwd}/target`, { recursive: true }).catch(() => {});
    await output("cargo", ["build", "-q"], { cwd, env: { RUSTC_WRAPPER: program } });
  };
  const ways: Readonly<Record<string, string>> = {
    "plain": "",
    "sccache, warm": sccache,
    "rustcbuildx, warm": wrapper,
  };
  const times = new Map<string, number[]>();
  // The first round fills both.
  for (let round = 0; round <= rounds; round++) {
    if (round === 1) await output(sccache, ["--zero-stats"]);
    for (const [name, program] of Object.entries(ways)) {
      const start = performance.now();
      await build(program);
      if (round > 0) times.set(name, [...times.get(name) ?? [], performance.now() - start]);
    }
  }
  const stats = await output(sccache, ["--show-stats"]);
  const count = (label: string) =>
    Number(new RegExp(`^${label}\\s+(\\d+)`, "m").exec(stats)?.[1] ?? 0) / rounds;
  const middle = (name: string) => median(times.get(name) ?? []);
  console.log(`\n${title}`);
  for (const name of times.keys()) {
    const ratio = middle(name) / middle("plain");
    console.log(
      `  ${name.padEnd(20)} ${middle(name).toFixed(0).padStart(6)} ms  ${
        ratio.toFixed(2).padStart(5)
      }`,
    );
  }
  console.log(
    `  ours / sccache       ${
      (middle("rustcbuildx, warm") / middle("sccache, warm")).toFixed(2).padStart(15)
    }`,
  );
  console.log(
    `  of sccache's calls, ${count("Cache hits")} were hits, ${count("Cache misses")} misses, ${
      count("Non-cacheable calls") + count("Non-compilation calls")
    } not for it`,
  );
}

/** Takes the compiler a second or two, most of it in code generation. */
function heavy(index: number): string {
  let text = "";
  for (let at = 0; at < 400; at++) {
    text += `pub fn f${at}(v: &[u64]) -> Vec<String> {
    let mut m = std::collections::BTreeMap::new();
    for (i, x) in v.iter().enumerate() { m.insert(x ^ ${at + index}, format!("{i}:{x}")); }
    m.into_iter().map(|(k, s)| format!("{k}{s}")).collect()
}
`;
  }
  return text;
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, text);
}

async function output(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: options.cwd,
    env: { ...env, ...options.env },
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
