/**
 * What `commands` costs on top of `Deno.Command`, as ratios measured interleaved in one run:
 * `deno run -A tests/bench/commands.ts`.
 */
import { command } from "../../lib/commands/mod.ts";

const ROUNDS = 9;
const SPAWNS = 100;
const STREAM_BYTES = 100 * 1024 * 1024;

type Work = () => Promise<unknown>;

/** Medians in milliseconds, each work measured once per round, the first round thrown away. */
async function measure(
  works: Readonly<Record<string, Work>>,
  cleanUp: Work = async () => {},
): Promise<Map<string, number>> {
  const times = new Map<string, number[]>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, work] of Object.entries(works)) {
      const start = performance.now();
      await work();
      const elapsedMs = performance.now() - start;
      await cleanUp();
      if (round > 0) times.set(name, [...times.get(name) ?? [], elapsedMs]);
    }
  }
  return new Map(
    [...times].map(([name, list]) => [name, list.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0]),
  );
}

function report(title: string, floor: string, times: Map<string, number>, perCall: number): void {
  console.log(`\n${title}`);
  const base = times.get(floor) ?? NaN;
  for (const [name, ms] of times) {
    const mark = name === floor ? "  (floor)" : "";
    console.log(
      `  ${(ms / base).toFixed(2).padStart(5)}  ${(ms / perCall).toFixed(2).padStart(7)} ms  ` +
        `${name}${mark}`,
    );
  }
}

const repeated = (work: Work): Work => async () => {
  for (let i = 0; i < SPAWNS; i++) await work();
};

const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
const viaCommands = command("true");
report(
  `spawn "true", ${SPAWNS} times in a row`,
  "Deno.Command output()",
  await measure({
    "Deno.Command output()": repeated(() => new Deno.Command("true", { stdin: "null" }).output()),
    "Deno.Command status, no pipes": repeated(() => new Deno.Command("true", quiet).spawn().status),
    "Deno.Command detached, no pipes": repeated(() =>
      new Deno.Command("true", { ...quiet, detached: true }).spawn().status
    ),
    "runToCompletion()": repeated(() => viaCommands.runToCompletion()),
    "runToCompletion() with a time limit, so in a group": repeated(() =>
      viaCommands.runToCompletion({ timeoutMs: 60_000 })
    ),
    "run() and wait()": repeated(async () => {
      await using runner = await viaCommands.run();
      await runner.wait();
    }),
  }),
  SPAWNS,
);

const directory = await Deno.makeTempDir({ prefix: "superorch-bench-" });
const log = `${directory}/log`;
const produce = ["head", "-c", String(STREAM_BYTES), "/dev/zero"] as const;
const [program, ...args] = produce;
const peak = { before: 0, after: 0 };
try {
  report(
    "100 MiB of output",
    "plain streaming of Deno.Command",
    await measure({
      "plain streaming of Deno.Command": async () => {
        const child = new Deno.Command(program, { args, stdin: "null", stdout: "piped" }).spawn();
        let bytes = 0;
        for await (const chunk of child.stdout) bytes += chunk.length;
        await child.status;
      },
      "tail of 64 KiB": () => command(produce, { recordLimitBytes: 64 * 1024 }).runToCompletion(),
      "tail of 64 KiB and a log file": () =>
        command(produce, { recordLimitBytes: 64 * 1024, log: { stdout: log } }).runToCompletion(),
      "the same with a limit of 1 MiB on the log": () =>
        command(produce, {
          recordLimitBytes: 64 * 1024,
          log: { stdout: log },
          logLimitBytes: 1024 * 1024,
        }).runToCompletion(),
    }, () => Deno.remove(log).catch(() => {})), // not every work has written one
    1,
  );

  peak.before = Deno.memoryUsage().rss;
  for (let i = 0; i < 5; i++) {
    await command(produce, { recordLimitBytes: 64 * 1024, log: { stdout: log } }).runToCompletion();
  }
  peak.after = Deno.memoryUsage().rss;
} finally {
  await Deno.remove(directory, { recursive: true });
}
const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(0);
console.log(
  `\nmemory: ${mib(peak.before)} MiB before another 500 MiB of output, ${
    mib(peak.after)
  } MiB after`,
);
