/**
 * The one gate: engine, format, lint, types, doc lint, publish dry run, compile smoke, doc tests,
 * tests, leftovers. The last line of standard output is `N passed, N failed`.
 *
 *     deno run -A tests/gate.ts [--fast] [--checked] [--jobs=N]
 *
 * `--fast` leaves out what needs an engine; `--checked` what `.buildr.yml` has in stages of their
 * own: format, lint and types.
 */

import { killAll } from "./support/gate_process.ts";
import { GateReport } from "./support/gate_report.ts";
import { runStaticStages } from "./support/gate_stages.ts";
import { runDocTests, runTestFiles } from "./support/gate_tests.ts";

// What is made of the project's own modules is loaded late: a mistake in them must become a failed
// stage and not a gate that does not start.
const engineStage = () => import("./support/gate_engine.ts");
const leaks = () => import("./support/gate_leaks.ts");

const report = new GateReport();
const id = crypto.randomUUID();

let scratch = "";
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  if (Deno.build.os === "windows" && signal === "SIGTERM") continue;
  Deno.addSignalListener(signal, () => {
    killAll();
    try {
      if (scratch !== "") Deno.removeSync(scratch, { recursive: true });
    } catch {
      // something that was killed had not ended yet; the score is worth more
    }
    report.stage(`interrupted by ${signal}`, false, performance.now());
    report.end();
    Deno.exit(code);
  });
}

Deno.chdir(new URL("..", import.meta.url));
// Tests that give a program another HOME must not make it download every package again.
if (Deno.env.get("DENO_DIR") === undefined) Deno.env.set("DENO_DIR", await denoDir());
const { fast, checked, jobs } = readArguments(Deno.args);
scratch = await makeScratch();
try {
  const ready = !fast && await attempt("engine", async () => {
    await (await engineStage()).prepareEngine((text) => report.write(text));
    return [];
  });
  let before: ReadonlySet<string> = new Set();
  if (ready) before = await (await leaks()).rememberOwned();
  await runStaticStages(report, { checked });
  const run = { id, scratch, engine: !fast, jobs };
  await runDocTests(report, run);
  await runTestFiles(report, run);
  if (ready) {
    await attempt("nothing left on the engine", async () => {
      return await (await leaks()).leftOnEngine(before, id);
    });
  }
  await attempt("no process left", async () => await (await leaks()).leftProcesses(id));
} catch (error) {
  report.stage("gate", false, performance.now(), error instanceof Error ? error.stack : `${error}`);
} finally {
  killAll();
  await Deno.remove(scratch, { recursive: true });
}
report.end();
Deno.exit(report.failed === 0 ? 0 : 1);

async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

// Short, because tests put sockets into it: the path of one has at most 107 bytes, for containerd
// 104, and what Deno.makeTempDir() makes is fourteen longer.
async function makeScratch(): Promise<string> {
  if (Deno.build.os === "windows") return await Deno.makeTempDir();
  const base = Deno.env.get("TMPDIR")?.replace(/\/+$/, "") || "/tmp";
  for (;;) {
    const path = `${base}/s${crypto.randomUUID().slice(0, 3)}`;
    try {
      await Deno.mkdir(path); // as open as /tmp: a test may run something as another user
      return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/** Runs a stage that fails by what it finds or by throwing. */
async function attempt(name: string, stage: () => Promise<readonly string[]>): Promise<boolean> {
  const begin = performance.now();
  let problems: readonly string[];
  try {
    problems = await stage();
  } catch (error) {
    problems = [error instanceof Error ? error.stack ?? error.message : String(error)];
  }
  report.stage(name, problems.length === 0, performance.now() - begin, problems.join("\n"));
  return problems.length === 0;
}

interface GateOptions {
  readonly fast: boolean;
  readonly checked: boolean;
  readonly jobs: number;
}

function readArguments(args: readonly string[]): GateOptions {
  // Tests mostly wait for an engine or for their own processes; four at a time is where two cores
  // stop getting faster.
  let options: GateOptions = {
    fast: false,
    checked: false,
    jobs: Math.min(4, Math.max(2, navigator.hardwareConcurrency)),
  };
  for (const word of args) {
    const count = /^--jobs=([1-9]\d?)$/.exec(word)?.[1];
    if (word === "--fast") options = { ...options, fast: true };
    else if (word === "--checked") options = { ...options, checked: true };
    else if (count !== undefined) options = { ...options, jobs: Number(count) };
    else if (word !== "--") {
      console.error(`Unknown word "${word}"; known are --fast, --checked and --jobs=N`);
      Deno.exit(2);
    }
  }
  return options;
}
