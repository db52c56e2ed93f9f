/**
 * Writes the command line as binaries that need no Deno:
 *
 *     deno run -A tools/compile.ts [--smoke] [TARGET …]
 *
 * The default is all five targets, into `dist/superorch-TARGET`. Each needs Deno's runtime for its
 * target, which is downloaded once from dl.deno.land. `--smoke` goes through all steps for this
 * machine with a stand-in for the runtime, and throws the result away: it cannot run.
 */

const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

const root = new URL("..", import.meta.url);
const words = Deno.args.filter((word) => word !== "--");
const smoke = words.includes("--smoke");
const wanted = words.filter((word) => word !== "--smoke");
const unknown = wanted.filter((target) => !TARGETS.includes(target));
if (unknown.length > 0 || (smoke && wanted.length > 0)) {
  console.error(`Unknown target "${unknown.join('", "')}"; known are ${TARGETS.join(", ")}`);
  Deno.exit(2);
}
if (smoke) await smokeTest();
else {
  for (const target of wanted.length === 0 ? TARGETS : wanted) {
    const path = `dist/superorch-${target}${target.includes("windows") ? ".exe" : ""}`;
    if (!await compile(["--target", target, "--output", path])) Deno.exit(1);
    const { size } = await Deno.stat(new URL(path, root));
    console.log(`${path}: ${(size / 2 ** 20).toFixed(0)} MiB`);
  }
}

async function smokeTest(): Promise<void> {
  const scratch = await Deno.makeTempDir();
  try {
    // Any ELF file passes for the runtime.
    const env = { DENORT_BIN: "/bin/true" };
    if (!await compile(["--output", `${scratch}/superorch`], env)) Deno.exit(1);
    console.log("compile: all steps passed with a stand-in for the runtime");
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function compile(args: readonly string[], env?: Record<string, string>): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", "-A", ...args, "cli/program.ts"],
    cwd: root,
    env,
    stdin: "null",
  }).spawn().status;
  return success;
}
