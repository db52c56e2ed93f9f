// Every byte of a program's output, in memory, in logs and on the terminal, with and without
// limits. The program that is run is this one, with other flags.
//
//     deno run -A examples/commands.ts
//
// Logs go to a temporary directory, which is removed at the end.
import { Command, command } from "../lib/commands/mod.ts";
import { ensure, ensureEq, runMain } from "../lib/errors/mod.ts";

const LIMIT_BYTES = 10 * 1024;

const TEXTS: Readonly<Record<string, string>> = {
  "--empty": "",
  "--no-newline": "one\ntwo",
  "--newlines": "\n\n\nmany\n\n\n",
  "--long": "e".repeat(105 * 1024),
};

const NOT_UTF8 = new Uint8Array([...Array(256).keys(), 0xf0, 0x9f, 0xa6, 0x80]);

await runMain(async () => {
  if (Deno.args.includes("--print")) return await print(new Set(Deno.args));
  const directory = await Deno.makeTempDir();
  try {
    await copies(directory);
    await limits(directory);
    await nothingRecorded();
    await notUtf8(directory);
    await prefixes();
    asData(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** This program with other flags. */
function self(...flags: string[]): Command {
  return command([Deno.execPath(), "run", "-A", "--no-lock", import.meta.url, ...flags]);
}

async function print(flags: ReadonlySet<string>): Promise<void> {
  const targets = [
    ...(flags.has("--to-stdout") ? [Deno.stdout] : []),
    ...(flags.has("--to-stderr") ? [Deno.stderr] : []),
  ];
  const text = Object.entries(TEXTS).find(([flag]) => flags.has(flag))?.[1];
  const pieces = text === undefined
    // An emoji whose two halves come at different times.
    ? [NOT_UTF8.subarray(0, -2), NOT_UTF8.subarray(-2)]
    : [new TextEncoder().encode(text)];
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    for (const target of targets) {
      for (let rest = piece; rest.length > 0;) rest = rest.subarray(await target.write(rest));
    }
  }
}

async function copies(directory: string): Promise<void> {
  console.log("\n-- record, log and expectation are the same bytes");
  for (const targets of [["--to-stdout"], ["--to-stderr"], ["--to-stdout", "--to-stderr"]]) {
    for (const flag of ["--empty", "--no-newline", "--newlines"]) {
      const log = { stdout: `${directory}/out.log`, stderr: `${directory}/err.log` };
      const result = await self("--print", flag, ...targets).with({ log, forward: true })
        .runToCompletion();
      result.assertSuccess();
      const expected = (target: string) => targets.includes(target) ? TEXTS[flag] ?? "" : "";
      ensureEq(result.stdoutText(), expected("--to-stdout"));
      ensureEq(result.stderrText(), expected("--to-stderr"));
      ensureEq(await Deno.readTextFile(log.stdout), expected("--to-stdout"));
      ensureEq(await Deno.readTextFile(log.stderr), expected("--to-stderr"));
    }
  }
}

async function limits(directory: string): Promise<void> {
  console.log("\n-- limits keep the newest bytes");
  const log = { stdout: `${directory}/out.log`, stderr: `${directory}/err.log` };
  const result = await self("--print", "--long", "--to-stdout", "--to-stderr").with({
    recordLimitBytes: LIMIT_BYTES,
    logLimitBytes: LIMIT_BYTES,
    log,
  }).runToCompletion();
  for (const record of [result.stdout, result.stderr]) ensureEq(record.length, LIMIT_BYTES);
  for (const path of [log.stdout, log.stderr]) {
    const text = await Deno.readTextFile(path);
    console.log(`a log of ${text.length} bytes`);
    ensure(text.length <= LIMIT_BYTES && text.length >= LIMIT_BYTES / 2);
    ensure(/^e+$/.test(text));
  }
}

async function nothingRecorded(): Promise<void> {
  console.log("\n-- recording can be off; the pipes are read all the same");
  const result = await self("--print", "--long", "--to-stdout", "--to-stderr")
    .with({ record: false }).runToCompletion();
  result.assertSuccess();
  ensureEq([result.stdout.length, result.stderr.length], [0, 0]);
}

async function notUtf8(directory: string): Promise<void> {
  console.log("\n-- bytes that are no text are kept, and marked where they are shown");
  const log = `${directory}/bytes.log`;
  const shown: string[] = [];
  const decoder = new TextDecoder();
  const result = await self("--print", "--to-stdout").with({ forward: true, log: { stdout: log } })
    .runToCompletion({
      stdout: {
        write(bytes) {
          shown.push(decoder.decode(bytes, { stream: true }));
          return Promise.resolve(bytes.length);
        },
      },
    });
  ensureEq([...result.stdout], [...NOT_UTF8]);
  ensureEq([...await Deno.readFile(log)], [...NOT_UTF8]);
  let failed = false;
  try {
    result.stdoutText();
  } catch (error) {
    failed = error instanceof TypeError;
  }
  ensure(failed, "bytes that are no UTF-8 were taken for text");
  const text = shown.join("");
  ensure(text.endsWith("🦀\n"), "the emoji is not whole");
  ensure(text.includes("\ufffd"), "invalid bytes are not marked");
}

async function prefixes(): Promise<void> {
  console.log("\n-- prefixes of one's own");
  await self("--print", "--no-newline", "--to-stdout", "--to-stderr")
    .with({ forward: { stdout: "out: ", stderr: "err: " } }).runToCompletion();
}

function asData(directory: string): void {
  console.log("\n-- a command is data: printed with its secrets hidden, sent with them");
  const full = self("--print", "--empty").with({
    env: { LEVEL: "debug", API_TOKEN: "do-not-show" },
    envClear: true,
    cwd: directory,
    record: { stderr: false },
    recordLimitBytes: LIMIT_BYTES,
    log: { path: `${directory}/both.log`, append: true, generations: 2 },
    logLimitBytes: LIMIT_BYTES,
    forward: true,
    graceMs: 1_000,
    forgetOnDrop: true,
  });
  console.log(full);
  ensure(!Deno.inspect(full).includes("do-not-show"));
  const copy = new Command(JSON.parse(JSON.stringify(full)));
  ensureEq(copy.spec, full.spec);
}
