import assert from "node:assert/strict";
import { command } from "../../lib/commands/mod.ts";
import {
  decode,
  processesWith,
  programPath,
  startProgram,
  uniqueSleep,
  until,
} from "./_support.ts";

interface Program extends AsyncDisposable {
  readonly sleep: string;
  readonly pid: number;
  says(text: string): Promise<void>;
  signal(name: Deno.Signal): void;
  ended(): Promise<{ status: Deno.CommandStatus; stdout: string; stderr: string }>;
}

function start(mode: string): Program {
  const sleep = uniqueSleep(30);
  const child = startProgram("signals.ts", mode, sleep);
  const texts = { stdout: "", stderr: "" };
  const read = async (name: "stdout" | "stderr") => {
    for await (const chunk of child[name]) texts[name] += decode(chunk);
  };
  const reading = Promise.all([read("stdout"), read("stderr")]);
  let over = false;
  return {
    sleep,
    pid: child.pid,
    says: (text) =>
      until(`"${text}" in ${JSON.stringify(texts)}`, () => texts.stdout.includes(text)),
    signal: (name) => child.kill(name),
    async ended() {
      const status = await child.status;
      await reading;
      over = true;
      return { status, ...texts };
    },
    async [Symbol.asyncDispose]() {
      if (!over) {
        child.kill("SIGKILL");
        await child.status;
      }
      for (const pid of processesWith(sleep)) Deno.kill(pid, "SIGKILL");
      await reading;
    },
  };
}

/** The shells that watch for `dieWithParent`; other programs of this machine may have some. */
function watchers(): number[] {
  return processesWith("-c").filter((pid) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("while read -r line");
    } catch {
      return false; // ended while we looked
    }
  });
}

for (const mode of ["run", "complete"]) {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.test(`${name} during ${mode} ends the program by that signal and leaves nothing`, async () => {
      await using program = start(mode);
      await program.says("ready");
      program.signal(name);
      const { status, stdout } = await program.ended();
      assert.equal(status.signal, name);
      assert(!stdout.includes("nobody may see this"), stdout);
      assert.deepEqual(processesWith(program.sleep), []);
    });
  }
}

Deno.test("the last words of a command after Ctrl-C are shown before the program dies", async () => {
  await using program = start("polite");
  await program.says("ready");
  program.signal("SIGINT");
  const { status, stdout } = await program.ended();
  assert.equal(status.signal, "SIGINT");
  assert.match(stdout, /\| last words\n$/);
});

Deno.test("a second signal ends a program whose commands do not listen at once", async () => {
  await using program = start("deaf");
  await program.says("ready");
  program.signal("SIGINT");
  // The first one is only seen in what it does not do, so the second one follows blindly; should
  // both arrive as one, there is a third.
  const again = setInterval(() => program.signal("SIGINT"), 100);
  const { status } = await program.ended().finally(() => clearInterval(again));
  assert.equal(status.signal, "SIGINT");
  await until("the command is gone", () => processesWith(program.sleep).length === 0);
});

Deno.test("a program with handlers of its own keeps control, and its commands get the signal", async () => {
  await using program = start("held");
  await program.says("ready");
  program.signal("SIGINT");
  const { status, stdout } = await program.ended();
  assert.deepEqual([status.code, status.signal], [42, null]);
  assert.match(stdout, /own handler\n/);
  assert.match(stdout, /\| cleaning up\n/);
  await until("nothing is left", () => processesWith(program.sleep).length === 0);
});

Deno.test("after the last command a signal does what it does without commands", async () => {
  await using program = start("idle");
  await program.says("ready");
  program.signal("SIGINT");
  assert.equal((await program.ended()).status.signal, "SIGINT");
});

for (
  const [mode, code] of [["exit", 5], ["throw", 1], ["reject", 1], ["end", 0]] as const
) {
  Deno.test(`a program that ends without waiting (${mode}) takes its commands along`, async () => {
    await using program = start(mode);
    const { status } = await program.ended();
    assert.equal(status.code, code);
    await until("nothing is left", () => processesWith(program.sleep).length === 0);
  });
}

Deno.test("a forgotten command survives its program", async () => {
  await using program = start("forget");
  const { status, stdout } = await program.ended();
  assert.equal(status.code, 0);
  const pid = Number(/forgotten (\d+)/.exec(stdout)?.[1]);
  assert.deepEqual(processesWith(program.sleep), [pid]);
});

Deno.test("dieWithParent ends whole groups after SIGKILL", async () => {
  await using program = start("die-with-parent");
  await program.says("all run");
  const others = processesWith(program.sleep).filter((pid) => pid !== program.pid);
  assert.equal(others.length, 2);
  program.signal("SIGKILL");
  await program.ended();
  await until("nothing is left", () => processesWith(program.sleep).length === 0);
});

Deno.test("dieWithParent goes on after somebody has killed the watcher", async () => {
  const before = new Set(watchers());
  const watched = (sleep: string) => command(`sleep ${sleep}`, { dieWithParent: true });
  await using first = await watched(uniqueSleep(30)).run();
  await using kept = await watched(uniqueSleep(30)).run();
  for (const pid of watchers()) if (!before.has(pid)) Deno.kill(pid, "SIGKILL");
  await until("the watcher is dead", () => watchers().every((pid) => before.has(pid)));
  await using second = await watched(uniqueSleep(30)).run();
  assert(watchers().some((pid) => !before.has(pid)), "a new watcher");
  await second.terminate();
  await first.terminate();
  await kept.terminate();
  await until("the watcher is gone", () => watchers().every((pid) => before.has(pid)));
});

Deno.test("dieWithParent leaves no watcher after a command that does not start", async () => {
  const before = watchers().length;
  await assert.rejects(command("no-such-program", { dieWithParent: true }).run());
  assert.equal(watchers().length, before);
});

Deno.test("dieWithParent leaves no watcher after a normal end", async () => {
  const before = watchers().length;
  await using program = start("die-with-parent-end");
  assert.equal((await program.ended()).status.code, 0);
  await until("the watcher is gone", () => watchers().length <= before);
});

Deno.test("Ctrl-C on a terminal ends program and command, in a group or not", async () => {
  for (const mode of ["run", "complete"]) {
    const sleep = uniqueSleep(30);
    const line = `${Deno.execPath()} run -A --no-lock ${
      programPath("signals.ts")
    } ${mode} ${sleep}`;
    // util-linux `script` gives it a terminal, whose line discipline turns \x03 into SIGINT.
    await using runner = await command(["script", "-qec", line, "/dev/null"]).run({
      stdin: "piped",
    });
    for await (const text of runner.lines()) if (text.endsWith("ready")) break;
    const writer = runner.stdin?.getWriter();
    await writer?.write(new Uint8Array([3]));
    const result = await runner.waitWithTimeout(10_000);
    await writer?.close().catch(() => {}); // script has closed it
    assert.equal(result.code, 130, result.stdoutLossy());
    assert(!result.stdoutLossy().includes("nobody may see this"));
    assert.deepEqual(processesWith(sleep), []);
  }
});

Deno.test("an interactive command has the terminal, and Ctrl-C is left to it", async () => {
  // Without "exec" a shell stands between, which also gets the signal: dash ends by it.
  const line = `exec ${Deno.execPath()} run -A --no-lock ${programPath("interactive.ts")}`;
  await using runner = await command(["script", "-qec", line, "/dev/null"]).run({ stdin: "piped" });
  for await (const text of runner.lines()) if (text.includes("ready")) break;
  const writer = runner.stdin?.getWriter();
  await writer?.write(new Uint8Array([3]));
  const result = await runner.waitWithTimeout(10_000);
  await writer?.close().catch(() => {}); // script has closed it
  const text = result.stdoutLossy();
  assert.match(text, /ready tty/);
  assert.match(text, /got INT/);
  assert.match(text, /code 6, terminated false/);
  assert.equal(result.code, 0);
});
