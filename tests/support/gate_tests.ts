import { findDocBlocks } from "./gate_docs.ts";
import { readTotals } from "./gate_junit.ts";
import { runDeno } from "./gate_process.ts";
import type { GateReport } from "./gate_report.ts";

/** A file that hangs becomes a failure that names the file. */
const FILE_TIMEOUT_MS = 120_000;

/** A file that needs longer says so: `// gate-timeout: 300 s`. */
const TIMEOUT_LINE = /^\/\/ gate-timeout: (\d+) s$/m;

/** A file that keeps the whole machine busy says so, and is run when no other is. */
const ALONE_LINE = /^\/\/ gate-alone$/m;

/** How the tests are run. */
export interface TestRun {
  /** In the environment of every process of the run, which is how leftovers are told from others. */
  readonly id: string;
  /** An empty directory. */
  readonly scratch: string;
  /** Whether the tests that need an engine are run too. */
  readonly engine: boolean;
  /** How many files at a time. */
  readonly jobs: number;
}

/**
 * Finds the files of tests: `*_test.ts` below `tests`, of which `*_engine_test.ts` need an engine.
 *
 * @param engine Whether those that need an engine are wanted.
 * @returns Paths from the root of the project.
 */
export async function findTestFiles(engine: boolean): Promise<readonly string[]> {
  const found: string[] = [];
  const pending = ["tests"];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for await (const { name, isDirectory } of Deno.readDir(directory)) {
      const path = `${directory}/${name}`;
      if (isDirectory && name !== "fixtures" && name !== "specs") pending.push(path);
      if (name.endsWith("_test.ts") && (engine || !name.endsWith("_engine_test.ts"))) {
        found.push(path);
      }
    }
  }
  // Those that need an engine wait the longest, so they begin first.
  const rank = (path: string) => path.endsWith("_engine_test.ts") ? 0 : 1;
  return found.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/**
 * Runs the examples in the docs of the exported modules.
 *
 * @param report Takes the results.
 * @param run How.
 */
export async function runDocTests(report: GateReport, run: TestRun): Promise<void> {
  const blocks = await findDocBlocks("lib");
  const left = new Set(run.engine ? [] : blocks.engine);
  for (const name of left) {
    report.write(`      skipped: the example at ${name}, it needs an engine\n`);
  }
  const wanted = blocks.run.filter((name) => !left.has(name));
  const pattern = wanted.map((name) => RegExp.escape(name)).join("|");
  const args = ["--doc", "--permit-no-files", `--filter=/${pattern}/`, "lib", "mod.ts"];
  await runOne(report, run, "doc tests", args, "doc", 300_000, blocks.skipped + left.size);
}

/**
 * Runs each file of tests in a process of its own, a few at a time.
 *
 * @param report Takes the results.
 * @param run How.
 * @param paths Which. Default: all that {@linkcode findTestFiles} finds.
 */
export async function runTestFiles(
  report: GateReport,
  run: TestRun,
  paths?: readonly string[],
): Promise<void> {
  const files = await Promise.all(
    (paths ?? await findTestFiles(run.engine)).map(async (path, index) => {
      const source = await Deno.readTextFile(path);
      const seconds = TIMEOUT_LINE.exec(source)?.[1];
      const timeoutMs = seconds === undefined ? FILE_TIMEOUT_MS : Number(seconds) * 1000;
      return { path, key: index.toString(36), timeoutMs, isAlone: ALONE_LINE.test(source) };
    }),
  );
  for (const isAlone of [true, false]) {
    const pending = files.filter((file) => file.isAlone === isAlone);
    await Promise.all(Array.from({ length: isAlone ? 1 : run.jobs }, async () => {
      for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
        const { path, key, timeoutMs } = next;
        await runOne(report, run, path, [path], key, timeoutMs);
      }
    }));
  }
}

async function runOne(
  report: GateReport,
  run: TestRun,
  name: string,
  words: readonly string[],
  key: string,
  timeoutMs: number,
  skipped = 0,
): Promise<void> {
  const junit = `${run.scratch}/${key}.xml`;
  const temporary = `${run.scratch}/${key}`;
  await Deno.mkdir(temporary);
  // The types were checked as a stage.
  const args = ["test", "-A", "--no-check", `--junit-path=${junit}`, ...words];
  const env: Record<string, string> = {
    SUPERORCH_GATE: run.id,
    TMPDIR: temporary, // and its two names on Windows
    TEMP: temporary,
    TMP: temporary,
    // A test that needs an engine and is not named so must fail on every machine, also on one
    // that has an engine.
    ...(run.engine ? {} : { DOCKER_HOST: `unix://${temporary}/no-engine.sock` }),
  };
  const { code, output, timedOut, ms } = await runDeno(args, { timeoutMs, env });
  const left = await entriesIn(temporary);
  const totals = readTotals(await Deno.readTextFile(junit).catch(() => ""), code);
  const problems: string[] = [];
  if (timedOut) problems.push(`${name} was killed: it took more than ${timeoutMs / 1000} s`);
  if (code === 0 && totals.passed + totals.failed + totals.ignored === 0 && name !== "doc tests") {
    problems.push(`${name} holds no test`);
  }
  if (left.length > 0) problems.push(`${name} left in its temporary directory: ${left.join(", ")}`);
  const extra = problems.length > 0 && totals.failed === 0 ? 1 : 0;
  report.tests(
    name,
    { ...totals, failed: totals.failed + extra, ignored: totals.ignored + skipped },
    ms,
    [output, ...problems].join("\n"),
  );
  if (totals.failed + extra === 0) { for (const line of skippedIn(output)) report.write(line); }
}

/** What a file of tests says that it leaves out. */
function skippedIn(output: string): readonly string[] {
  // deno-lint-ignore no-control-regex
  return output.replaceAll(/\x1b\[[\d;]*m/g, "").split("\n").flatMap((line) => {
    const name = /^(.+) \.\.\. ignored/.exec(line)?.[1] ?? /^skipped:? (.+)/.exec(line)?.[1];
    return name === undefined ? [] : [`      skipped: ${name}\n`];
  });
}

async function entriesIn(directory: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(directory)) names.push(name);
  return names.sort();
}
