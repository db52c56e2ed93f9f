/**
 * The wrapper beside the compiler itself, interleaved in one run: what one call costs, and whole
 * builds of 31 tiny crates and of 3 that take a second each.
 *
 * Run: deno run -A tests/bench/rustc_wrap.ts [ROUNDS]
 */
import { median } from "./_median.ts";

const rounds = Number(Deno.args[0] ?? 15);
const root = await Deno.realPath(await Deno.makeTempDir());
const wrapper = `${root}/bin/rustcbuildx`;
const sysroot = (await output("rustc", ["--print", "sysroot"])).trim();
const rustc = `${sysroot}/bin/rustc`;
const env = {
  CARGO_INCREMENTAL: "0",
  CARGO_NET_OFFLINE: "true",
  RUSTCBUILDX_CACHE_DIR: `${root}/cache`,
  RUSTCBUILDX_FALLBACK: "never",
};

try {
  await output(Deno.execPath(), ["run", "-A", "cli/main.ts", "install-links", `${root}/bin`], {
    cwd: decodeURIComponent(new URL("../..", import.meta.url).pathname),
  });
  await calls();
  await builds("31 tiny crates", 31, (index) => `pub fn f() -> u32 { ${index} }\n`);
  await builds("3 crates of some seconds", 3, heavy);
} finally {
  await Deno.remove(root, { recursive: true });
}

async function calls(): Promise<void> {
  const cwd = `${root}/one`;
  await write(`${cwd}/lib.rs`, `pub fn f() -> u32 { ${unique()} }\n`);
  const words =
    "--crate-name one --crate-type lib --edition=2021 lib.rs --emit=dep-info,metadata,link --out-dir target/deps"
      .split(" ");
  await output(wrapper, [rustc, ...words], { cwd, env });
  await report("one call", {
    "rustc -vV": () => output(rustc, ["-vV"]),
    "wrapped -vV": () => output(wrapper, [rustc, "-vV"]),
    "rustc": () => output(rustc, words, { cwd }),
    "hit of the store": () => output(wrapper, [rustc, ...words], { cwd, env }),
    "builder's hit": () =>
      output(wrapper, [rustc, ...words], { cwd, env: { ...env, RUSTCBUILDX_CACHE_DIR: "" } }),
    "miss": async () => {
      await write(`${cwd}/lib.rs`, `pub fn f() -> u32 { ${unique()} }\n`);
      await output(wrapper, [rustc, ...words], { cwd, env });
    },
  });
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
  }
  await write(`${cwd}/Cargo.toml`, `[workspace]\nresolver = "2"\nmembers = ["crate*"]\n`);
  const fresh = async () => {
    for (let index = 0; index < count; index++) {
      await write(
        `${cwd}/${name(index)}/src/lib.rs`,
        `${body(index)}pub const N: u64 = ${unique()};\n`,
      );
    }
  };
  const clean = () => Deno.remove(`${cwd}/target`, { recursive: true }).catch(() => {});
  const cargo = (wrapped: boolean) =>
    output("cargo", ["build", "-q"], {
      cwd,
      env: { ...env, ...(wrapped ? { RUSTC_WRAPPER: wrapper } : {}) },
    });
  await fresh();
  await report(title, {
    "plain": async () => {
      await clean();
      await cargo(false);
    },
    "wrapped, cold": async () => {
      await clean();
      await fresh();
      await cargo(true);
    },
    "wrapped, all hits": async () => {
      await clean();
      await cargo(true);
    },
  }, Math.min(rounds, 3));
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

async function report(
  title: string,
  works: Readonly<Record<string, () => Promise<unknown>>>,
  count = rounds,
): Promise<void> {
  const times = new Map<string, number[]>();
  for (let round = 0; round <= count; round++) {
    for (const [name, work] of Object.entries(works)) {
      const start = performance.now();
      await work();
      if (round > 0) times.set(name, [...times.get(name) ?? [], performance.now() - start]);
    }
  }
  const [first] = times.values();
  const floor = median(first ?? []);
  console.log(`\n${title}`);
  for (const [name, list] of times) {
    const middle = median(list);
    console.log(
      `  ${name.padEnd(20)} ${middle.toFixed(0).padStart(6)} ms  ${
        (middle / floor).toFixed(2).padStart(5)
      }`,
    );
  }
}

function unique(): string {
  return String(crypto.getRandomValues(new Uint32Array(1))[0]);
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
    ...options,
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
