import assert from "node:assert/strict";
import { CtrlC, InterruptedError } from "../../lib/retry/mod.ts";

/** Runs scripts/ctrl_c.ts; `line()` gives its next line, `undefined` at its end. */
function start(...args: readonly string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", new URL("scripts/ctrl_c.ts", import.meta.url).href, ...args],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const lines = linesOf(child.stdout);
  return {
    kill: (signal: Deno.Signal) => child.kill(signal),
    status: child.status,
    line: async () => (await lines.next()).value as string | undefined,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // it has ended, as most of these tests want it to
      }
      await child.status;
      while (!(await lines.next()).done); // the pipe is closed at its end
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream() as never)) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

const unixOnly = { ignore: Deno.build.os === "windows" };

Deno.test("CtrlC catches the first SIGINT, and the second ends the program", unixOnly, async () => {
  await using program = start("plain");
  assert.equal(await program.line(), "ready issued=false");
  program.kill("SIGINT");
  assert.equal(await program.line(), "issued=true Interrupted by SIGINT 130");
  program.kill("SIGINT");
  assert.equal((await program.status).signal, "SIGINT");
});

Deno.test("CtrlC with secondKills false swallows the second SIGINT", unixOnly, async () => {
  await using program = start("patient", "SIGINT", "SIGHUP");
  assert.equal(await program.line(), "ready issued=false");
  program.kill("SIGINT");
  assert.equal(await program.line(), "issued=true Interrupted by SIGINT 130");
  program.kill("SIGINT");
  program.kill("SIGHUP");
  program.kill("SIGTERM"); // is not listened to: what ends the program must be this one
  assert.equal((await program.status).signal, "SIGTERM");
});

Deno.test("CtrlC leaves SIGTERM alone unless it is asked for", unixOnly, async () => {
  await using plain = start("plain");
  assert.equal(await plain.line(), "ready issued=false");
  plain.kill("SIGTERM");
  assert.equal((await plain.status).signal, "SIGTERM");
  for (const [signal, code] of [["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    await using program = start("leave", "SIGINT", "SIGTERM", "SIGHUP");
    assert.equal(await program.line(), "ready issued=false");
    program.kill(signal);
    assert.equal(await program.line(), `issued=true Interrupted by ${signal} ${code}`);
    assert.equal((await program.status).code, 0);
  }
});

Deno.test(
  "CtrlC gives the system its own behaviour back when it is disposed of",
  unixOnly,
  async () => {
    await using program = start("dispose", "SIGINT", "SIGTERM");
    assert.equal(await program.line(), "ready issued=false");
    program.kill("SIGINT");
    assert.equal((await program.status).signal, "SIGINT");
  },
);

Deno.test("CtrlC does not keep a program running", unixOnly, async () => {
  await using program = start("leave");
  assert.equal(await program.line(), "ready issued=false");
  program.kill("SIGINT");
  assert.equal(await program.line(), "issued=true Interrupted by SIGINT 130");
  assert.equal((await program.status).code, 0);
});

Deno.test("CtrlC leaves no listener behind, and two can listen at once", unixOnly, () => {
  using first = CtrlC.listen({ signals: ["SIGINT", "SIGINT", "SIGTERM"] });
  using second = CtrlC.listen();
  assert.equal(first.isIssued || second.isIssued, false);
  assert.equal(first.interruption, undefined);
  assert.equal(new InterruptedError("SIGTERM").exitCode, 143);
});
