// gate-timeout: 300 s
import assert from "node:assert/strict";
import { runProgram } from "../support/cli.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const PACKAGES = ["one", "two", "three"];

/** Packages whose build scripts start as many programs at a time as they are told, for a while. */
function scripts(program: string): Record<string, string> {
  const files: Record<string, string> = {
    "Cargo.toml": `[workspace]\nresolver = "2"\nmembers = [${
      PACKAGES.map((name) => JSON.stringify(name)).join()
    }]\n`,
  };
  for (const name of PACKAGES) {
    files[`${name}/Cargo.toml`] =
      `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n`;
    files[`${name}/src/main.rs`] = `fn main() { println!("{}", env!("JOBS")); }\n`;
    files[`${name}/build.rs`] = `use std::process::Command;
fn main() {
    let jobs: usize = std::env::var("NUM_JOBS").unwrap().parse().unwrap();
    // What is left in the job server is what other programs of the script may take.
    let flags = std::env::var("CARGO_MAKEFLAGS").unwrap();
    let read = flags.split("--jobserver-auth=").last().unwrap().split(',').next().unwrap();
    let tokens = Command::new("dd")
        .args(["bs=1", "count=99", "iflag=nonblock", &format!("if=/dev/fd/{read}")])
        .output().unwrap().stdout.len();
    println!("cargo::rustc-env=JOBS={jobs} {tokens} NONCE");
    std::fs::copy("/bin/sleep", "/tmp/${program}").unwrap();
    let children: Vec<_> =
        (0..jobs).map(|_| Command::new("/tmp/${program}").arg("1").spawn().unwrap()).collect();
    for mut child in children { child.wait().unwrap(); }
}
`;
  }
  return files;
}

/** Processes of a name, on the machine that the engine is on too. */
function running(program: string): string[] {
  return numbersIn("/proc").filter((pid) => {
    try {
      // What has ended and is not waited for has its name still.
      const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
      return stat.startsWith(`${pid} (${program}) `) && !stat.startsWith(`${pid} (${program}) Z`);
    } catch {
      return false; // it has ended
    }
  });
}

function numbersIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) =>
    /^\d+$/.test(name)
  );
}

/**
 * Looks again and again until the work is done; says the most that was there at a time. One look
 * takes a while, in which one may end and another begin: what two looks have seen was there between
 * them.
 */
async function mostOf<T>(look: () => readonly string[], work: Promise<T>): Promise<number> {
  let most = 0;
  const timer = setInterval(() => {
    const before = new Set(look());
    if (before.size > most) most = Math.max(most, look().filter((one) => before.has(one)).length);
  }, 25);
  try {
    await work;
    return most;
  } finally {
    clearInterval(timer);
  }
}

/** What the build script of a package was told, and what was in its job server. */
async function told(ws: Workspace, name: string): Promise<readonly number[]> {
  const { stdout } = await runProgram(`${ws.directory}/target/debug/${name}`, []);
  return stdout.trim().split(" ").map(Number);
}

for (const jobs of [1, 2]) {
  Deno.test(`with -j${jobs}, no more than ${jobs} run at a time in all containers together`, {
    ignore: NO_CARGO,
  }, async () => {
    const program = `w${crypto.randomUUID().slice(0, 8)}`;
    await using ws = await Workspace.create(scripts(program));
    const most = await mostOf(() => running(program), ws.build(["build", `-j${jobs}`]));
    assert.ok(most >= 1 && most <= jobs, `${most} at a time`);
    for (const name of PACKAGES) {
      const [number = 0, tokens] = await told(ws, name);
      assert.ok(number >= 1 && number <= jobs, String(number));
      assert.equal(tokens, number - 1);
    }
  });
}

Deno.test("a build script that is alone is told of half of what nobody else uses", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(scripts(`w${crypto.randomUUID().slice(0, 8)}`));
  // Three are free beside its own; one is left for what becomes ready meanwhile.
  await ws.build(["build", "-j4", "-p", "one"]);
  assert.deepEqual((await told(ws, "one")).slice(0, 2), [3, 2]);
  // The first has given back what it had.
  await ws.build(["build", "-j4", "-p", "two"]);
  assert.deepEqual((await told(ws, "two")).slice(0, 2), [3, 2]);
});

/** Functions that take LLVM some time each, in modules that become units of their own. */
const BIG = Array.from(
  { length: 32 },
  (_, module) =>
    `pub mod m${module} {\n${
      Array.from({ length: 8 }, (_, at) =>
        `#[inline(never)] pub fn f${at}(v: &[u64]) -> Vec<String> {
    let mut words: Vec<String> = v.iter().map(|x| format!("{x:?}-${at}-NONCE")).collect();
    words.sort(); words.dedup(); words.retain(|w| w.len() > ${module}); words
}`).join("\n")
    }\n}\n`,
).join("");

/** Threads of a crate's compiler that make code: rustc calls them after what they make. */
function codegenThreads(crate: string): string[] {
  return running("rustc").flatMap((pid) => {
    try {
      if (!Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes(crate)) return [];
      return numbersIn(`/proc/${pid}/task`).flatMap((task) => {
        const name = Deno.readTextFileSync(`/proc/${pid}/task/${task}/comm`);
        return /^(?:opt|codegen|lto|copy) /.test(name) ? [`${task} ${name}`] : [];
      });
    } catch {
      return []; // it has ended
    }
  });
}

Deno.test("a compiler in a container makes code with as many threads as cargo has jobs for it", {
  ignore: NO_CARGO,
}, async () => {
  const crate = `big_${crypto.randomUUID().slice(0, 8)}`;
  await using ws = await Workspace.create({
    "Cargo.toml": `[package]\nname = "${crate}"\nversion = "0.1.0"\nedition = "2021"\n`,
    "src/lib.rs": BIG,
  });
  const one = await mostOf(() => codegenThreads(crate), ws.build(["build", "--release", "-j1"]));
  // A thread that has told its end may not be gone when the next one begins; without a limit, all
  // sixteen parts of the crate are made at a time.
  assert.ok(one >= 1 && one <= 2, String(one));
  // What limits a program is no part of what it makes: the builder has it already.
  await Deno.remove(`${ws.root}/cache/store`, { recursive: true });
  await ws.clean();
  await ws.forget();
  await ws.build(["build", "--release", "-j3"]);
  assert.deepEqual((await ws.units()).cached, [crate]);
  await ws.write({ "src/lib.rs": BIG });
  const two = await mostOf(() => codegenThreads(crate), ws.build(["build", "--release", "-j3"]));
  assert.ok(two >= 1 && two <= 4, String(two));
});
