// Running other programs: results, output, arguments, time-outs, directories, logs, input.
//
//     deno run -A examples/basic_commands.ts
//
// Needs `ls`, `sleep` and `grep`; logs go to a temporary directory, which is removed at the end.
import {
  command,
  CommandFailedError,
  CommandStartError,
  sh,
  shQuiet,
} from "../lib/commands/mod.ts";
import { ensure, ensureEq, isTimeout, renderError, runMain } from "../lib/errors/mod.ts";

await runMain(async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/plain.txt`, "");
    await Deno.writeTextFile(`${directory}/with space.txt`, "");
    await results(directory);
    await output(directory);
    await arguments_(directory);
    await failures();
    await inTheBackground();
    await directoriesAndLogs(directory);
    await input();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

async function results(directory: string): Promise<void> {
  console.log("\n-- a result and its helpers");
  const ls = command(`ls ${directory}`);
  const result = await ls.runToCompletion();
  ensureEq(result.code, 0);
  ensureEq(result.signal, null);
  ensure(result.success && result.successfulOrTerminated);
  ensureEq(result.stdoutText(), "plain.txt\nwith space.txt\n");
  ensureEq(result.stderr.length, 0);
  result.assertSuccess();

  console.log(`as text: ${result}`);
  console.log("without its output:", result.withoutOutput());
  console.log("as data:", JSON.stringify(ls.with({ recordLimitBytes: 1024 })));
}

async function output(directory: string): Promise<void> {
  console.log("\n-- output while it comes");
  await command(`ls ${directory}`, { forward: true }).runToCompletion();
  // The short form: shows the output, requires success, gives the text.
  ensureEq(await sh(`ls ${directory}`), "plain.txt\nwith space.txt\n");
  // And without showing anything.
  ensureEq(await shQuiet(["ls", directory]), "plain.txt\nwith space.txt\n");
}

async function arguments_(directory: string): Promise<void> {
  console.log("\n-- only a command text is split, at white space; arguments never are");
  const found = await command("ls").arg(`${directory}/with space.txt`).runToCompletion();
  ensure(found.success);
  const split = await command(`ls ${directory}/with space.txt`).runToCompletion();
  ensure(!split.success);
  // No shell: nothing is expanded.
  ensureEq(await sh("echo * $HOME"), "* $HOME\n");
}

async function failures(): Promise<void> {
  console.log("\n-- a failing command is a result, for sh() it is an error");
  const failed = await command("ls ./nonexistent").runToCompletion();
  ensure(!failed.success && failed.code !== 0);

  const error = await shQuiet("ls ./nonexistent").then(() => undefined, (error) => error);
  ensure(error instanceof CommandFailedError);
  ensureEq(error.code, failed.code);
  ensure(error.stderrTail.includes("nonexistent"));
  console.log(`as expected: ${renderError(error)}`);

  const missing = await sh("no-such-program").then(() => undefined, (error) => error);
  ensure(missing instanceof CommandStartError);
  console.log(`as expected: ${renderError(missing)}`);
}

async function inTheBackground(): Promise<void> {
  console.log("\n-- something else meanwhile");
  await using runner = await command("sleep 1").run();
  let looks = 0;
  for (;;) {
    try {
      const result = await runner.waitWithTimeout(200);
      ensure(result.success);
      break;
    } catch (error) {
      if (!isTimeout(error)) throw error;
      looks++;
      console.log(`process ${runner.pid} still runs`);
    }
  }
  ensure(looks >= 1);
  ensure(runner.result?.success);
}

async function directoriesAndLogs(directory: string): Promise<void> {
  console.log("\n-- elsewhere, into a log, onto the terminal and into memory at once");
  const log = `${directory}/ls.log`;
  const result = await command("ls", {
    cwd: directory,
    log: { stdout: log },
    forward: true,
  }).runToCompletion();
  result.assertSuccess();
  ensureEq((await Deno.readFile(log)).length, result.stdout.length);
  ensureEq(await Deno.readTextFile(log), result.stdoutText());
}

async function input(): Promise<void> {
  console.log("\n-- input");
  try {
    const result = await command("grep h").runWithInput("hello\nworld");
    ensureEq(result.assertSuccess().stdoutText(), "hello\n");
  } catch (error) {
    if (!(error instanceof CommandStartError)) throw error;
    console.log("skipped: there is no grep");
  }
}
